"""Processes of this machine: who is alive, who must not outlive whom, how many files they open."""

import contextlib
import ctypes
import gc
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
# Of /proc/<pid>/stat, counted after the name: state and start time (proc(5), fields 3 and 22).
STATE, START = 0, 19
# Objects more than before, collections of the young, of the middle-aged: Python's own are 700, 10, 10.
COLLECT_AFTER = 20_000, 20, 20
# Each connection is one. What a process may have by itself is 1024 on most systems.
MOST_FILES = 65_536


def open_many() -> None:
    """Open as many files as the system lets this process, in one that holds many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft not in range(most):
        return
    with contextlib.suppress(OSError, ValueError):  # macOS has one more limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def collect_seldom() -> None:
    """Look for garbage less often, in a process that holds many connections or makes many objects.

    A full collection looks at every object of thousands of connections, and nobody is answered
    meanwhile; nearly all of our garbage is no cycle and is gone without it.
    """
    gc.set_threshold(*COLLECT_AFTER)


def dies_with(parent: int) -> Callable[[], None]:
    """Return what a child runs before its program, so that the kernel kills it with `parent`.

    Without it a supervisor that got kill -9 would leave its children running. Only Linux can;
    elsewhere the next start removes them.
    """

    def prepare() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return prepare


def birth(pid: int) -> str | None:
    """Return when the process started, as a text to compare; None when it does not run.

    Numbers are used again: a process is its number and its birth.
    """
    if sys.platform != "linux":
        ps = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
        state, _, start = subprocess.run(ps, capture_output=True, text=True).stdout.strip().partition(" ")
        return start.strip() if state and not state.startswith("Z") else None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[STATE] in "ZX" else f"{boot} {fields[START]}"
