"""What processes cost: CPU from the scheduler, memory from the kernel, for whole trees of processes."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
# Of /proc/<pid>/stat counted after the name (proc(5)): parent, and CPU of children that ended.
PARENT, CHILD_USER, CHILD_SYSTEM = 1, 13, 14


def parents() -> dict[int, int]:
    """{process: its parent} of everything that runs."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                found[int(folder.name)] = int(stat(int(folder.name))[PARENT])
    return found


def stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """The process and all below it."""
    known, result = parents(), [root]
    for pid in result:
        result += [child for child, parent in known.items() if parent == pid]
    return result


def cpu_s(roots: Iterable[int]) -> float:
    """CPU seconds of the trees so far: threads from schedstat (ns), and children that ended (10 ms)."""
    total = 0.0
    for pid in (pid for root in roots for pid in tree(root)):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0]) / 1e9
            fields = stat(pid)
            total += (int(fields[CHILD_USER]) + int(fields[CHILD_SYSTEM])) / TICK
    return total


def memory_kib(pid: int) -> int:
    """Proportional memory of one process in KiB: what would be free without it."""
    return _kib(pid, "smaps_rollup", "Pss:")


def peak_kib(pid: int) -> int:
    """The most memory that a process had since it began, in KiB."""
    return _kib(pid, "status", "VmHWM:")


def _kib(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid}: no {name}")


class Cpu:
    """CPU of named trees since it was made."""

    def __init__(self, roots: Mapping[str, Iterable[int]]) -> None:
        self.roots = {name: list(pids) for name, pids in roots.items()}
        self.before = {name: cpu_s(pids) for name, pids in self.roots.items()}

    def per(self, positions: int) -> dict[str, float]:
        """Microseconds a position, by name."""
        return {
            name: (cpu_s(pids) - self.before[name]) * 1e6 / max(positions, 1)
            for name, pids in self.roots.items()
        }
