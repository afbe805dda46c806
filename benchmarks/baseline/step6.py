"""Step 6: a loop of our own instead of the consumer class: no task and no thread hop for each message."""

import asyncio
import json
import time
from typing import Any

import jwt
import redis
import redis.asyncio
from channels.layers import get_channel_layer
from django.db import connection, transaction

from benchmarks.baseline.settings import REDIS_URL, TOKEN_KEY
from benchmarks.baseline.tutorial import FIELDS, routes

store = redis.asyncio.Redis.from_url(REDIS_URL)
INSERT = f"INSERT INTO baseline_position (device, {', '.join(FIELDS)}) VALUES ({', '.join(['%s'] * 8)})"  # noqa: S608


class Live:
    """The newest position of each vehicle, on its way to the dashboards."""

    def __init__(self) -> None:
        self.moved: dict[str, dict[str, Any]] = {}

    def publish(self, uid: str, event: dict[str, Any]) -> None:
        if not self.moved:
            self.task = asyncio.create_task(self._tick())
        self.moved[uid] = event

    async def _tick(self) -> None:
        await asyncio.sleep(0.1)
        events, self.moved = list(self.moved.values()), {}
        await get_channel_layer().group_send("fleet", {"type": "positions", "events": events})


live = Live()


class Journal:
    """What waits for the next flush, and who is to hear that it is on disk."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.waiting: dict[Device, int] = {}

    def add(self, entry: Any, device: "Device", seq: int) -> None:
        if not self.entries:
            self.task = asyncio.create_task(self._flush())
        self.entries.append(entry)
        self.waiting[device] = seq  # an ack is for all frames up to it

    async def _flush(self) -> None:
        await asyncio.sleep(0.01)
        entries, waiting, self.entries, self.waiting = self.entries, self.waiting, [], {}
        await store.xadd("journal", {"fixes": json.dumps(entries)})
        for device, seq in waiting.items():
            await device.send({"type": "websocket.send", "text": json.dumps({"type": "ack", "seq": seq})})


journal = Journal()


class Device:
    """One connected device: `application(scope, receive, send)`."""

    def __init__(self, uid: str, send: Any) -> None:
        self.uid, self.send = uid, send

    @classmethod
    async def app(cls, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        token = dict(scope["headers"])[b"authorization"].decode().partition(" ")[2]
        try:
            claims = jwt.decode(token, TOKEN_KEY, algorithms=["HS256"])
        except jwt.PyJWTError:
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        device = cls(claims["uid"], send)
        while (event := await receive())["type"] == "websocket.receive":
            device.take(event["text"])

    def take(self, text: str) -> None:
        message = json.loads(text)
        fix = {name: message.get(name) for name in FIELDS}
        journal.add([self.uid, fix], self, message["seq"])
        event = {"device": self.uid, **fix, "received": round(time.time() * 1000)}
        live.publish(self.uid, event)


application = routes(Device.app)


def archive(client: "redis.Redis[bytes]") -> int:
    """Store what the journal holds, oldest first; return how many positions that were."""
    entries: list[Any] = client.xrange("journal", count=20)
    fixes = [fix for _, content in entries for fix in json.loads(content[b"fixes"])]
    if entries:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(INSERT, [(device, *fix.values()) for device, fix in fixes])
        client.xdel("journal", *(id_ for id_, _ in entries))
    return len(fixes)
