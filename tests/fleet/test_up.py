"""`manage.py up` as a user runs it: one process tree, with real processes and signals."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from fleet.processes import birth, dies_with
from tests import servers

ROOT = Path(__file__).parent.parent.parent
START_S, STOP_S = 60, 10
pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]


@dataclass
class Up:
    """A running `up`, its output in a file."""

    process: "subprocess.Popen[bytes]"
    data: Path
    port: int
    output: Path

    def printed(self) -> str:
        return self.output.read_text()

    def children(self) -> dict[str, dict[str, Any]]:
        try:
            return {
                child["name"]: child for child in json.loads((self.data / "run/children.json").read_text())
            }
        except FileNotFoundError:
            return {}

    def alive(self) -> list[str]:
        return [name for name, child in self.children().items() if child["pid"] and birth(child["pid"])]

    def healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False

    def stop(self, number: signal.Signals) -> float:
        """Send the signal; how many seconds the end took."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(STOP_S + 5)
        return time.monotonic() - start


def command(data: Path, port: int, *options: str) -> list[str]:
    return [sys.executable, "manage.py", "up", "--data", str(data), "--port", str(port), *options]


@contextlib.contextmanager
def started(data: Path, *options: str) -> Iterator[Up]:
    data.mkdir(parents=True, exist_ok=True)
    output, port = data / "output.txt", servers.free_port()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command(data, port, *options),
            cwd=ROOT, env=environment(), stdout=file, stderr=file, preexec_fn=dies_with(os.getpid()),
        )  # fmt: skip
    up = Up(process, data, port, output)
    try:
        servers.wait_for(
            lambda: process.poll() is not None or "Ctrl-C" in up.printed(), "up", seconds=START_S
        )
        assert process.poll() is None, up.printed()
        yield up
    finally:
        process.kill()
        process.wait()


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("DATA", "REDIS_URL")} | more


def refusal(data: Path, port: int, **more: str) -> str:
    result = subprocess.run(
        command(data, port), cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("options", "webs"),
    [(("--server", "daphne"), ["web"]), (("--server", "uvicorn", "--web", "2"), ["web", "web-2"])],
)
def test_a_life(tmp_path: Path, options: tuple[str, ...], webs: list[str]) -> None:
    names = {"redis", "worker-archive", "worker-jobs", "worker-exports", "beat", *webs}
    with started(tmp_path, *options) as up:
        assert set(up.alive()) == names
        assert re.search(r"ready in \d+\.\d s", up.printed())
        assert f"http://127.0.0.1:{up.port}/login/link/" in up.printed()
        assert "admin, password" in up.printed()
        assert up.healthy()

        # Every child is started again when it is killed.
        for name in sorted(names):
            os.kill(up.children()[name]["pid"], signal.SIGKILL)
        servers.wait_for(
            lambda: all(child["restarts"] == 1 and child["pid"] for child in up.children().values()),
            "restarts",
        )
        servers.wait_for(up.healthy, "health", seconds=30)
        assert {child["last_exit"] for child in up.children().values()} == {"killed by SIGKILL"}

        # Nobody else may use its folder or its port meanwhile.
        assert "already runs on" in refusal(tmp_path, servers.free_port())
        assert f"Port {up.port} is in use" in refusal(tmp_path / "other", up.port)

        children = up.children()
        assert up.stop(signal.SIGINT) < STOP_S
        assert up.process.returncode == 0
        assert "was killed" not in up.printed()
        assert not [name for name, child in children.items() if birth(child["pid"])]
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", up.port))

    with started(tmp_path, *options) as up:
        assert "password" not in up.printed()
        children = up.children()
        # Killed itself, it takes them with it, and the next one starts none the worse.
        up.process.kill()
        up.process.wait()
        servers.wait_for(lambda: not any(birth(child["pid"]) for child in children.values()), "their end")
    with started(tmp_path, *options) as up:
        assert up.healthy()
        assert up.stop(signal.SIGTERM) < STOP_S


def test_a_redis_that_loses_positions_is_refused(tmp_path: Path) -> None:
    with servers.redis(tmp_path / "redis", "--appendonly", "no") as url:
        assert "Set appendonly yes" in refusal(tmp_path / "data", servers.free_port(), REDIS_URL=url)


def test_a_database_that_is_away_is_named(tmp_path: Path) -> None:
    url = f"postgres://a:geheim@127.0.0.1:{servers.free_port()}/gps"
    words = refusal(tmp_path, servers.free_port(), DATABASE_URL=url)
    assert "correct DATABASE_URL" in words
    assert "geheim" not in words


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    result = subprocess.run(
        command(tmp_path, servers.free_port(), "--host", "192.0.2.1"),
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "no address of this machine" in result.stderr
