"""An application that sends much, or back what it gets, for test_servers.py."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

MEGABYTES = 200
CHUNK = bytes(range(256)) * 256  # 64 KiB
FRAMES = 200


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while scope["path"] == "/echo" and (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                data = message.get("bytes")
                back = {"text": f"> {message['text']}"} if data is None else {"bytes": b"> " + data}
                await send({"type": "websocket.send", **back})
        for number in range(FRAMES):
            await send({"type": "websocket.send", "text": f"{number} " + "x" * len(CHUNK)})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    if scope["path"] == "/short":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": hashlib.sha256(CHUNK).hexdigest().encode()})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/broken":
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        raise RuntimeError("the database went away")
    for _ in range(MEGABYTES * 16):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})
