"""What was measured, in benchmarks/results.json: {part: {name: {…, "when": {…}}}}, written as it comes.

Each result says when it was measured, on what, and how busy that was; "about" is the machine of the last one.
A quick run keeps its figures apart, in build/bench/quick.json.
"""

import contextlib
import json
import os
import platform
import sqlite3
import subprocess
import time
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fleet import embedded
from tests.servers import postgres_binaries

FILE = Path(__file__).parent / "results.json"
QUICK = Path(__file__).parent.parent / "build" / "bench" / "quick.json"
PACKAGES = ("django", "channels", "daphne", "uvicorn", "redis", "celery", "msgspec", "psycopg")
BUSY_S = 2.0

Results = dict[str, dict[str, dict[str, Any]]]


class Notes:
    """Figures of one run, on top of those of earlier ones; a quick run begins anew."""

    def __init__(self, *, quick: bool = False) -> None:
        self.file = QUICK if quick else FILE
        if quick:
            QUICK.unlink(missing_ok=True)
        self.busy = busy_percent()

    def keep(self, part: str, name: str, result: dict[str, Any]) -> None:
        """Keep a result and print it as a line."""
        print(line(f"{part} {name}", result), flush=True)
        about = machine()
        when = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "machine": f"{about['cores']} cores ({about['processor']})",
            "busy_percent": self.busy,
        }
        known = read(self.file)
        known.setdefault(part, {})[name] = {**result, "when": when}
        known["about"] = {"machine": about}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text(known))


def read(file: Path = FILE) -> Results:
    with contextlib.suppress(FileNotFoundError):
        found: Results = json.loads(file.read_text())
        return found
    return {}


def text(known: Results) -> str:
    """JSON with a result a line, so that what a run changed can be read."""
    parts = []
    for part, found in known.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(rounded(each))}" for name, each in found.items()]
        parts.append(f" {json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def rounded(value: Any) -> Any:
    """With six digits: more are noise."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


def busy_percent() -> int:
    """How much of the machine other programs take before a run begins: figures of a busy one are rough."""
    idle, every = cpu_ticks()
    time.sleep(BUSY_S)
    idle_later, every_later = cpu_ticks()
    return round(100 - 100 * (idle_later - idle) / max(every_later - every, 1))


def cpu_ticks() -> tuple[int, int]:
    """Idle (with waiting for disks), and all (proc(5), the first line of stat)."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def line(name: str, result: dict[str, Any]) -> str:
    """The usual figures, where a result has them."""
    words = [f"{name:34}"]
    if "cost_all" in result:
        parts = " ".join(f"{n} {c:.1f}" for n, c in result["cost"].items() if c >= 0.05)
        words.append(f"{result['cost_all']:7.1f} µs ({parts}; load {result['cost_load']:.1f})")
    if "acked_per_s" in result:
        words.append(f"{result['acked_per_s']:7.0f} acked/s")
    if "stored_per_s" in result:
        words.append(f"{result['stored_per_s']:.0f} stored/s")
    if result.get("acked"):
        words.append(f"ack {result['ack_ms']['p50']:.1f}/{result['ack_ms']['p99']:.1f} ms")
    if result.get("delivered"):
        ms, ratio = result["browser_ms"], result.get("delivered_ratio") or 0
        words.append(f"browser {ms['p50']:.0f}/{ms['p99']:.0f} ms, {ratio:.0%} delivered")
    if "lag_max" in result:
        words.append(f"lag {result['lag_max']:.1f} s")
    simple = {
        k: v for k, v in result.items() if "cost_all" not in result and isinstance(v, (int, float, str))
    }
    words += [f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in simple.items()]
    return "  ".join(words)


@cache
def machine() -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "processor": processor(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{system()}, Linux {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "redis": redis_version(),
        "postgres": postgres_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def processor() -> str:
    with contextlib.suppress(OSError):
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    return platform.machine()


def system() -> str:
    with contextlib.suppress(OSError):
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    return platform.system()


def redis_version() -> str:
    done = subprocess.run([embedded.program(), "--version"], capture_output=True, text=True, check=True)
    name = "Valkey" if "valkey" in done.stdout.lower() else "Redis"
    found = [word.removeprefix("v=") for word in done.stdout.split() if word.startswith("v=")]
    return f"{name} {found[0] if found else '?'}"


def postgres_version() -> str:
    """`15.9`; a dash when there is none."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        program = postgres_binaries(Path(), copy=False) / "postgres"
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[2]
    return "–"
