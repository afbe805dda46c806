"""The processes of `manage.py up`: what each runs, and in which order they are stopped."""

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from fleet import embedded
from fleet.supervisor import Child
from fleet.tls import Certificate

# The sum of the stages' longest waits stays below the 10 s that Ctrl-C may take.
WEB_STAGE, WORKER_STAGE, BEAT_STAGE, REDIS_STAGE = range(4)
WEB_PATIENCE_S, WORKER_PATIENCE_S, BEAT_PATIENCE_S, REDIS_PATIENCE_S = 3.0, 4.0, 1.0, 0.75


def redis() -> Child:
    path = settings.EMBEDDED_REDIS_SOCKET
    folder = settings.DATA / "redis"
    embedded.make_folder(folder)
    embedded.make_folder(path.parent)
    path.unlink(missing_ok=True)
    return Child("redis", embedded.command(path, folder), REDIS_STAGE, REDIS_PATIENCE_S)


def web(
    server: str, listening: socket.socket, *, count: int, tls: Certificate | None = None
) -> Iterator[Child]:
    """`count` server processes on one listening socket: the kernel deals out the connections."""
    fd = listening.fileno()
    encrypted = ["--cert", str(tls.cert), "--key", str(tls.key)] if tls else []
    for number in range(count):
        yield Child(
            "web" if number == 0 else f"web-{number + 1}",
            [sys.executable, "-m", "fleet.servers", server, str(fd), *encrypted],
            WEB_STAGE,
            WEB_PATIENCE_S,
            inherits=(fd,),
        )


def worker(queue: str, *, patient: bool = False) -> Child:
    """A Celery worker of one process: nothing of it outlives kill -9, and it stays small.

    The archive must not wait behind exports, so each queue has its own; `patient`: others go first.
    """
    options = ["-Q", queue, "-n", f"{queue}@%h", "-P", "solo", "-c", "1", "-l", "WARNING"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    nice = [found, "-n", "10"] if patient and (found := shutil.which("nice")) else []
    command = [*nice, *celery(), "worker", *options, *quiet]
    return Child(f"worker-{queue}", command, WORKER_STAGE, WORKER_PATIENCE_S)


def beat() -> Child:
    schedule = settings.DATA / "run" / "beat"
    options = ["-s", str(schedule), "--pidfile=", "-l", "WARNING"]
    return Child("beat", [*celery(), "beat", *options], BEAT_STAGE, BEAT_PATIENCE_S)


def demo(url: str, vehicles: int, *, ca: Path | None = None) -> Child:
    """Simulated vehicles; `ca`: whom they trust besides those that everybody does."""
    command = [sys.executable, "manage.py", "demo", "drive", "--url", url, "--vehicles", str(vehicles)]
    trusting = ["env", f"SSL_CERT_FILE={ca}"] if ca else []
    return Child("demo", [*trusting, *command], WEB_STAGE, WEB_PATIENCE_S)


def celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "fleet"]
