"""The load generator, from Python: benchmarks/load.c where there is a C compiler, else its slower twin.

Clients that cost as much as the server would be the bottleneck on a machine they share: the one in C takes
a few microseconds a position, and every result carries what it took.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, cast

HERE = Path(__file__).parent
PROGRAM = HERE.parent / "build" / "bench" / "load"


def command() -> list[str]:
    """How to start it: the compiled one, made when it is missing or older than its source."""
    source = HERE / "load.c"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        print(
            "No C compiler: the load comes from Python and takes a good part of the machine.", file=sys.stderr
        )
        return [sys.executable, "-m", "benchmarks.load_python"]
    if not PROGRAM.exists() or PROGRAM.stat().st_mtime < source.stat().st_mtime:
        PROGRAM.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-O2", "-Wall", "-o", str(PROGRAM), str(source)], check=True)
    return [str(PROGRAM)]


class Load:
    """Devices and browsers that are connected; `options` are those of load.c: devices=50, rate=5, …"""

    def __init__(self, *, port: int, devices: int = 0, browsers: int = 0, **options: Any) -> None:
        self.devices, self.browsers = devices, browsers
        words = [*command(), "--port", str(port), "--devices", str(devices), "--browsers", str(browsers)]
        for name, value in options.items():
            flag = f"--{name.replace('_', '-')}"
            words += [flag] if value is True else [flag, str(value)] if value not in (None, False) else []
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._stdin, self._stdout = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        self.connected = self._answer()
        if self.connected["online"] < self.connected["of"]:
            raise RuntimeError(f"not everybody could connect: {self.connected}")

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def run(self, seconds: float) -> dict[str, Any]:
        """Report for so long, wait for the acknowledgements, return what happened."""
        return self._ask(f"run {seconds}")

    def cut(self) -> dict[str, Any]:
        """Close every socket at once; return when all are back."""
        return self._ask("cut")

    def _ask(self, line: str) -> dict[str, Any]:
        self._stdin.write(f"{line}\n")
        self._stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._stdout.readline()
        if not line:
            raise RuntimeError(f"the load ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
