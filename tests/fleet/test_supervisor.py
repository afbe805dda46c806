"""The supervisor with real processes: restarts, order of the end, leftovers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet import supervisor as module
from fleet.processes import birth
from fleet.supervisor import Child, Refused, Supervisor, hold
from tests.servers import wait_for

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('deaf', flush=True); time.sleep(600)",
]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    with hold(tmp_path):
        supervisor = Supervisor(tmp_path, folder=tmp_path, tell=said.append)
        yield supervisor
        supervisor.stop()


def sleeper(name: str, *, stage: int = 0, command: list[str] = SLEEP, patience_s: float = 2.0) -> Child:
    return Child(name, command, stage, patience_s)


def pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_killed_child_is_started_again_and_the_reason_kept(supervisor: Supervisor, said: list[str]) -> None:
    child = supervisor.add(sleeper("web"))
    first = pid(child)
    os.kill(first, signal.SIGKILL)
    assert supervisor.wait(lambda: child.restarts == 1, seconds=5)
    assert birth(first) is None
    assert birth(pid(child))
    [state] = json.loads((supervisor.run / "children.json").read_text())
    assert (state["name"], state["pid"], state["restarts"]) == ("web", pid(child), 1)
    assert state["last_exit"] == "killed by SIGKILL"
    assert "web ended (killed by SIGKILL)" in said[0]


def test_a_child_that_keeps_dying_is_tried_ever_more_slowly(supervisor: Supervisor) -> None:
    child = supervisor.add(sleeper("web", command=[sys.executable, "-c", "raise SystemExit('no port')"]))
    assert supervisor.wait(lambda: child.restarts == 2, seconds=10)
    assert child.pause_s > module.FIRST_PAUSE_S
    assert child.last_exit == "exit code 1: no port"
    for _ in range(20):
        child.pause_s = min(module.LONGEST_PAUSE_S, child.pause_s * 2)
    assert child.pause_s == 5


def test_stages_end_one_after_the_other(tmp_path: Path, supervisor: Supervisor) -> None:
    log = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(0.2); open(sys.argv[1], 'a').write(sys.argv[2] + ' '); raise SystemExit\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); time.sleep(600)"
    )
    for stage, name in ((3, "redis"), (0, "web"), (1, "worker"), (2, "beat")):
        supervisor.add(Child(name, [sys.executable, "-c", code, str(log), name], stage, 3.0))
    logs = [supervisor.log(child) for child in supervisor.children]
    wait_for(lambda: all("ready" in path.read_text() for path in logs), "children")
    supervisor.stop()
    assert log.read_text().split() == ["web", "worker", "beat", "redis"]


def test_a_deaf_child_is_killed(supervisor: Supervisor, said: list[str]) -> None:
    child = supervisor.add(sleeper("web", command=STUBBORN, patience_s=0.3))
    wait_for(lambda: "deaf" in supervisor.log(child).read_text(), "the child")
    number = pid(child)
    start = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - start < 2
    assert birth(number) is None
    assert "did not end in 0.3 s" in said[-1]


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from fleet.supervisor import *\n"
        "with hold(Path(sys.argv[1])):\n"
        "    s = Supervisor(Path(sys.argv[1]), folder=Path('.'), tell=print)\n"
        "    print(s.add(Child('web', ['sleep', '600'], 0, 1.0)).process.pid, flush=True)\n"
        "    s.wait(lambda: False, seconds=600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout
    child = int(process.stdout.readline())
    with pytest.raises(Refused, match=f"process {process.pid}"), hold(tmp_path):
        pass
    assert birth(child)
    process.kill()
    process.wait()
    process.stdout.close()
    wait_for(lambda: birth(child) is None, "the child's end", seconds=5)
    with hold(tmp_path):  # free again
        assert not (tmp_path / "run" / module.PROCESSES).exists()


def test_leftovers_are_removed_and_strangers_are_not(tmp_path: Path) -> None:
    left = subprocess.Popen(SLEEP, start_new_session=True)
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        run = tmp_path / "run"
        run.mkdir()
        processes = {left.pid: birth(left.pid), stranger.pid: "another process that had this number"}
        (run / module.PROCESSES).write_text(json.dumps(processes))
        with hold(tmp_path):
            assert left.wait(5) == -signal.SIGKILL
            assert stranger.poll() is None
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_a_full_disk_ends_it_with_words(supervisor: Supervisor) -> None:
    words = "raise OSError(28, 'No space left on device')"
    supervisor.add(sleeper("redis", command=[sys.executable, "-c", words]))
    with pytest.raises(Refused, match="is full"):
        supervisor.wait(lambda: False, seconds=5)


def test_a_folder_on_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FULL_DISK_BYTES", 2**80)  # every disk is too small
    with pytest.raises(Refused, match="make room"), hold(tmp_path):
        pass


def test_a_big_log_is_put_aside(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOG_BYTES", 10)
    child = sleeper("web")
    path = supervisor.logs / "web.log"
    path.write_text("older than the limit allows")
    supervisor.add(child)
    assert path.with_suffix(".log.1").read_text().startswith("older")
    assert path.read_text() == ""
