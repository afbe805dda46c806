"""The least that acknowledges: decode a frame, answer, keep nothing. What the server itself costs."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec


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
