"""What was measured, in build/bench/results.json: {part: {name: {…}}}, written as it comes."""

import contextlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fleet import embedded
from tests.servers import postgres_binaries

FILE = Path(__file__).parent.parent / "build" / "bench" / "results.json"
PACKAGES = ("django", "channels", "daphne", "uvicorn", "redis", "celery", "msgspec", "psycopg")

Results = dict[str, dict[str, dict[str, Any]]]


def read() -> Results:
    with contextlib.suppress(FileNotFoundError):
        found: Results = json.loads(FILE.read_text())
        return found
    return {}


def note(part: str, name: str, result: dict[str, Any], *, quiet: bool = False) -> None:
    """Keep a result and print it as a line."""
    known = read()
    known.setdefault(part, {})[name] = result
    known.setdefault("about", {})[part] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "command": command()}
    known["about"]["machine"] = machine()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(known, indent=1))
    if not quiet:
        print(line(f"{part} {name}", result), flush=True)


def note_load() -> None:
    """Keep what else the machine was doing before a run began: figures of a busy one are rough."""
    known = read()
    known.setdefault("about", {})["load"] = {"before": round(os.getloadavg()[0], 1)}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(known, indent=1))


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


def command() -> str:
    module = Path(sys.argv[0])
    name = f"-m benchmarks.{module.stem}" if module.parent == Path(__file__).parent else str(module)
    return " ".join(["python", name, *sys.argv[1:]])


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
