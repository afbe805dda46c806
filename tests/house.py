"""A whole Fleetline, started as a user starts it, whose processes a test or a benchmark may kill."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import free_port, wait_for

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 10


class House:
    """`manage.py up` on a data folder of its own; `database` is a DATABASE_URL, empty for SQLite."""

    def __init__(self, data: Path, server: str, *, database: str = "", **env: str) -> None:
        self.data, self.server, self.database, self.port = data, server, database, free_port()
        own = ("DATA", "REDIS_URL", "JOURNAL_URL", "DATABASE_URL")
        self.env = {**{k: v for k, v in os.environ.items() if k not in own}, "DATA": str(data), **env}
        if database:
            self.env["DATABASE_URL"] = database
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def device_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gps/connect"

    def start(self, *options: str) -> None:
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), "--server", self.server]
        with (self.data / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *options], cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        wait_for(self._is_ready, f"up: {self.data / 'up.log'}", seconds=60)

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "up.log").read_text()
        return self.health()[0] == 200

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_S + 2)

    def health(self) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except (OSError, ValueError):
            return 0, {}

    def children(self) -> dict[str, dict[str, Any]]:
        with contextlib.suppress(OSError, ValueError):
            return {c["name"]: c for c in json.loads((self.data / "run" / "children.json").read_text())}
        return {}

    def kill(self, name: str) -> None:
        """kill -9 one process, as the kernel or an impatient person would."""
        before = self.children()[name]
        os.kill(before["pid"], signal.SIGKILL)
        wait_for(lambda: self.children().get(name, before)["restarts"] > before["restarts"], name)

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT, env=self.env, check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout.strip()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.database:
            with psycopg.connect(self.database) as server:
                return server.execute(query).fetchall()
        with contextlib.closing(sqlite3.connect(self.data / "fleetline.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def forget(self, *tables: str) -> None:
        """Nothing was ever in these tables, for the pages that are opened from now on."""
        with contextlib.closing(sqlite3.connect(self.data / "fleetline.sqlite3", timeout=20)) as database:
            for table in tables:
                database.execute(f"DELETE FROM {table}")  # noqa: S608 (our own names)
            database.commit()

    def archived(self) -> bool:
        status, state = self.health()
        return status == 200 and state["journal"]["length"] == 0
