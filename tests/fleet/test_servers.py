"""Both servers serve on an inherited socket, and a slow reader costs no memory."""

import contextlib
import hashlib
import os
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from fleet.processes import MOST_FILES, dies_with
from tests import servers
from tests.fleet import flood

ROOT = Path(__file__).parent.parent.parent
MEMORY_BYTES = 40_000_000


@dataclass
class Running:
    port: int
    process: "subprocess.Popen[bytes]"

    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def get(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        try:
            return connection.getresponse().read()
        finally:
            connection.close()


def start(server: str, listening: socket.socket) -> "subprocess.Popen[bytes]":
    fd = listening.fileno()
    command = [sys.executable, "-m", "fleet.servers", server, str(fd), "tests.fleet.flood:application"]
    return subprocess.Popen(command, cwd=ROOT, pass_fds=(fd,), preexec_fn=dies_with(os.getpid()))


@pytest.fixture(params=["daphne", "uvicorn"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = start(request.param, listening)
        with servers.stopped_at_end(process):
            yield Running(listening.getsockname()[1], process)


def test_a_short_answer(running: Running) -> None:
    assert running.get("/short").decode() == hashlib.sha256(flood.CHUNK).hexdigest()


def test_a_long_answer_arrives_whole(running: Running) -> None:
    body = running.get("/long")
    assert len(body) == flood.MEGABYTES * 2**20 + 3
    assert body.endswith(flood.CHUNK + b"end")


def test_an_answer_that_fails_in_the_middle_is_cut_not_left_hanging(running: Running) -> None:
    with pytest.raises((IncompleteRead, ConnectionError)):
        running.get("/broken")
    assert len(running.get("/short")) == 64


def test_a_reader_that_stops_reading_costs_no_memory(running: Running) -> None:
    running.get("/short")
    before = running.memory()
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(20):
            time.sleep(0.1)
            assert running.memory() < before + MEMORY_BYTES
    # It went away in the middle: the server goes on.
    assert len(running.get("/short")) == 64


def test_a_socket_that_is_read_late_gets_every_frame_in_order(running: Running) -> None:
    with connect(f"ws://127.0.0.1:{running.port}/", max_queue=1) as socket:
        time.sleep(1)
        for number in range(flood.FRAMES):
            assert socket.recv() == f"{number} " + "x" * len(flood.CHUNK)


TEXTS = "", "short", "å€😀", "x" * 125, "x" * 126, "å" * 60, "å" * 200, "x" * 65_535, "x" * 65_536
MESSAGES: tuple[str | bytes, ...] = (*TEXTS, b"\xff", "last")


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def framed(message: str | bytes) -> bytes:
    """A message as frames: whole, then in three with a ping between."""
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    data = message.encode() if isinstance(message, str) else message
    third = len(data) // 3
    parts = [
        frame(data, opcode),
        frame(data[:third], opcode, fin=False),
        frame(data[third : 2 * third], Opcode.CONT, fin=False),
        frame(b"there?", Opcode.PING),
        frame(data[2 * third :], Opcode.CONT),
    ]
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(4))
def test_messages_come_whole_and_in_order_however_they_are_cut(running: Running, seed: int) -> None:
    sent = b"".join(map(framed, MESSAGES))
    chance = random.Random(seed)
    with connect(f"ws://127.0.0.1:{running.port}/echo", max_queue=None) as client:
        while sent:
            size = chance.choice((1, 2, 5, 9, 40, 200, 70_000))
            client.socket.sendall(sent[:size])
            sent = sent[size:]
            time.sleep(0.0005)
        for message in MESSAGES:
            back = "> " + message if isinstance(message, str) else b"> " + message
            assert [client.recv(timeout=10), client.recv(timeout=10)] == [back, back]


@pytest.mark.parametrize(
    "wrong",
    [
        frame(b"\xff no UTF-8"),
        Frame(Opcode.TEXT, b"not masked").serialize(mask=False),
        frame(b"begun", fin=False) + frame(b"another"),
        frame(b"nothing to go on with", Opcode.CONT),
        frame(b"x" * 2_000_000),
    ],
    ids=["encoding", "unmasked", "within another", "no beginning", "too long"],
)
def test_a_frame_that_is_wrong_ends_the_connection(running: Running, wrong: bytes) -> None:
    with connect(f"ws://127.0.0.1:{running.port}/echo") as client:
        client.send("right")
        assert client.recv(timeout=10) == "> right"
        with contextlib.suppress(OSError):
            client.socket.sendall(wrong + frame(b"too late"))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)


def test_requests_after_one_another_on_one_connection(running: Running) -> None:
    connection = HTTPConnection("127.0.0.1", running.port, timeout=20)
    for path, size in (
        ("/long", flood.MEGABYTES * 2**20 + 3),
        ("/short", 64),
        ("/long", flood.MEGABYTES * 2**20 + 3),
    ):
        connection.request("GET", path)
        assert len(connection.getresponse().read()) == size
    connection.close()


def test_a_web_process_takes_as_many_connections_as_the_system_lets_it() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert not 0 <= hard <= 256, "this test needs a hard limit above 256 open files"
    limits = "import resource, fleet.asgi; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"
    done = subprocess.run(
        [sys.executable, "-c", limits], cwd=ROOT, check=True, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)),
    )  # fmt: skip
    soft, kept = map(int, done.stdout.split())
    assert soft == (min(hard, MOST_FILES) if hard >= 0 else MOST_FILES)
    assert kept == hard


def test_two_processes_share_one_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        first, second = start("daphne", listening), start("daphne", listening)
        running = Running(listening.getsockname()[1], second)
        with servers.stopped_at_end(second):
            with servers.stopped_at_end(first):
                running.get("/short")
            # The other one goes on alone.
            for _ in range(5):
                assert len(running.get("/short")) == 64
