"""The least that acknowledges: decode a frame, answer, keep nothing. What the server itself costs."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec

from benchmarks.load import Load
from benchmarks.meter import Cpu
from tests.servers import free_port, stopped_at_end


class Frame(msgspec.Struct):
    seq: int


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": '{"type":"hello","last_time":null}'})
    while (event := await receive())["type"] == "websocket.receive":
        seq = msgspec.json.decode(event["text"], type=Frame).seq
        await send({"type": "websocket.send", "text": f'{{"type":"ack","seq":{seq}}}'})


@contextlib.contextmanager
def served(*module: str, env: dict[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """Run `python -m module FD …` on a listening socket; gives its port and its process.

    `{fd}` in the words stands for the number of the socket.
    """
    with socket.create_server(("127.0.0.1", free_port()), backlog=1024) as listening:
        fd = listening.fileno()
        command = [sys.executable, "-m", *(word.format(fd=fd) for word in module)]
        process = subprocess.Popen(command, pass_fds=(fd,), env={**os.environ, **(env or {})})
        with stopped_at_end(process):
            yield listening.getsockname()[1], process.pid


def measure(seconds: float, *module: str, **load: Any) -> dict[str, Any]:
    """CPU a position of a server that only acknowledges; `load` is that of benchmarks/load.py."""
    with served(*module) as (port, pid):
        time.sleep(0.5)
        with Load(port=port, tokens=os.devnull, **load) as running:
            running.run(0.5)  # warm
            cpu = Cpu({"web": [pid]})
            result = running.run(seconds)
            cost = cpu.per(result["acked"])
    return {
        **result,
        "acked_per_s": result["acked"] / result["seconds"],
        "cost": cost,
        "cost_all": sum(cost.values()),
        "cost_load": result["cpu_s"] * 1e6 / max(result["acked"], 1),
    }


def bare(server: str, seconds: float, **load: Any) -> dict[str, Any]:
    """This module's application on Daphne or uvicorn."""
    return measure(seconds, "fleet.servers", server, "{fd}", "benchmarks.bare:application", **load)


def echo(seconds: float, **load: Any) -> dict[str, Any]:
    """benchmarks/echo.py, which is no ASGI application."""
    return measure(seconds, "benchmarks.echo", "{fd}", **load)
