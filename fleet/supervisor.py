"""Keeps a set of processes running, and ends them in order.

A child that dies is started again after a pause; a supervisor that is killed takes its
children with it (Linux) or leaves them to the next start on the same folder.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from fleet.processes import birth, dies_with

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
# Alive for so long: its next death is a new trouble, not the same one again.
STEADY_S = 30.0
POLL_S = 0.1
STATES, PROCESSES = "children.json", "processes.json"
LOG_BYTES = 5_000_000
# A child's last words that count as the reason of its death.
TAIL_BYTES = 4000
FULL_DISK_BYTES = 1_000_000
FULL_DISK_WORDS = ("No space left on device", "database or disk is full")


class Refused(Exception):
    """It cannot start, or cannot go on; the text says why and what to do."""


@dataclass(eq=False)
class Child:
    """A process to keep running.

    `stage`: the lowest is stopped first. `patience_s`: from SIGTERM to SIGKILL.
    """

    name: str
    command: Sequence[str | Path]
    stage: int
    patience_s: float
    inherits: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    birth: str | None = None
    started: float = 0.0
    due: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    restarts: int = 0
    last_exit: str | None = None
    last_exit_at: str | None = None

    def state(self) -> dict[str, str | int | None]:
        running = self.process is not None and self.process.returncode is None
        return {
            "name": self.name,
            "pid": self.process.pid if self.process and running else None,
            "restarts": self.restarts,
            "last_exit": self.last_exit,
            "last_exit_at": self.last_exit_at,
        }


class Supervisor:
    """The children of one data folder. Use `with hold(data)` first: there is one a folder."""

    def __init__(self, data: Path, *, folder: Path, tell: Callable[[str], None]) -> None:
        self.run, self.logs, self.folder, self.tell = data / "run", data / "logs", folder, tell
        self.data = data
        self.children: list[Child] = []
        self.logs.mkdir(parents=True, exist_ok=True)

    def add(self, child: Child) -> Child:
        """Start the child and keep it running from now on."""
        self.children.append(child)
        self._start(child)
        return child

    def _start(self, child: Child) -> None:
        with self.log(child).open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=child.inherits,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
            )
        child.birth, child.started = birth(child.process.pid), time.monotonic()
        self._record()

    def log(self, child: Child) -> Path:
        """Return the child's log file; one that has grown big is put aside first."""
        path = self.logs / f"{child.name}.log"
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
        return path

    def tend(self) -> None:
        """Start again whatever died and has waited long enough. Refused when the disk is full."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.due:
                    child.restarts += 1
                    self._start(child)
            elif child.process.poll() is not None:
                self._died(child, now)

    def _died(self, child: Child, now: float) -> None:
        assert child.process is not None  # noqa: S101
        tail = last_words(self.log(child))
        if child.process.returncode != 0 and any(words in tail for words in FULL_DISK_WORDS):
            raise Refused(full_disk(self.data))
        refuse_full_disk(self.data)
        if now - child.started > STEADY_S:
            child.pause_s = FIRST_PAUSE_S
        child.last_exit = how_it_ended(child.process.returncode, tail)
        child.last_exit_at = datetime.now(UTC).isoformat(timespec="seconds")
        self.tell(f"{child.name} ended ({child.last_exit}); starting it again in {child.pause_s:g} s")
        child.process, child.birth, child.due = None, None, now + child.pause_s
        child.pause_s = min(LONGEST_PAUSE_S, child.pause_s * 2)
        self._record()

    def wait(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Tend the children until `ready()`; False when that takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                return False
            self.tend()
            time.sleep(POLL_S)
        return True

    def stop(self) -> None:
        """End every child, stage after stage; what does not end in time is killed."""
        for stage in sorted({child.stage for child in self.children}):
            running = [(c, c.process) for c in self.children if c.stage == stage and c.process is not None]
            for _, process in running:
                process.terminate()
            start = time.monotonic()
            for child, process in running:
                try:
                    process.wait(max(0.0, start + child.patience_s - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.tell(f"{child.name} did not end in {child.patience_s:g} s and was killed")
                end_session(process.pid)
                process.wait()
        for name in (STATES, PROCESSES):
            (self.run / name).unlink(missing_ok=True)

    def _record(self) -> None:
        """Write what runs and why it started again, for /healthz, and which processes, for the next start."""
        processes = {child.process.pid: child.birth for child in self.children if child.process}
        for name, content in ((PROCESSES, processes), (STATES, [child.state() for child in self.children])):
            aside = self.run / f"{name}.new"
            aside.write_text(json.dumps(content, indent=1))
            aside.replace(self.run / name)


@contextlib.contextmanager
def hold(data: Path) -> Iterator[None]:
    """Be the only supervisor of the data folder, and clear what a killed one left; else Refused."""
    run = data / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_full_disk(data)
    with (run / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(in_use(data, lock)) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        remove_leftovers(run / PROCESSES)
        yield


def refuse_full_disk(data: Path) -> None:
    if shutil.disk_usage(data).free < FULL_DISK_BYTES:
        raise Refused(full_disk(data))


def full_disk(data: Path) -> str:
    return f"The disk of {data} is full. Nothing acknowledged is lost; make room and start again."


def in_use(data: Path, lock: TextIOWrapper) -> str:
    lock.seek(0)
    return (
        f"Fleetline already runs on {data} (process {lock.read().strip()}). "
        "Stop it, or choose another folder with --data."
    )


def remove_leftovers(path: Path) -> None:
    """Kill the children that a killed supervisor left, and no other process that has their numbers."""
    try:
        left = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return
    for pid, born in ((int(number), born) for number, born in left.items()):
        if born and birth(pid) == born:
            end_session(pid)
            deadline = time.monotonic() + LONGEST_PAUSE_S
            while birth(pid) == born and time.monotonic() < deadline:
                time.sleep(POLL_S)
    path.unlink()


def end_session(leader: int) -> None:
    """Kill the process and what it started: each child leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def last_words(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def how_it_ended(code: int, tail: str) -> str:
    """Return the reason in words: `killed by SIGKILL`, or `exit code 1: <its last line>`."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    line = next((line for line in reversed(tail.splitlines()) if line.strip()), "")
    return f"exit code {code}" + (f": {line.strip()[:200]}" if line and code else "")
