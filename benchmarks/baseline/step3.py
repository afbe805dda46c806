"""Step 3: one message to the dashboards every 100 ms, with the newest position of each vehicle."""

import asyncio
import json
import time
from typing import Any

import jwt
import redis
import redis.asyncio
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import connection, transaction

from benchmarks.baseline.settings import REDIS_URL, TOKEN_KEY
from benchmarks.baseline.tutorial import FIELDS, routes

journal = redis.asyncio.Redis.from_url(REDIS_URL)
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


class DeviceConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        token = dict(self.scope["headers"])[b"authorization"].decode().partition(" ")[2]
        try:
            claims = jwt.decode(token, TOKEN_KEY, algorithms=["HS256"])
        except jwt.PyJWTError:
            await self.close()
            return
        self.uid, self.group = claims["uid"], claims["group_name"]
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = json.loads(text_data or "")
        fix = {name: message.get(name) for name in FIELDS}
        await journal.xadd("journal", {"fix": json.dumps([self.uid, fix])})
        event = {"device": self.uid, **fix, "received": round(time.time() * 1000)}
        live.publish(self.uid, event)
        await self.send(text_data=json.dumps({"type": "ack", "seq": message["seq"]}))


application = routes(DeviceConsumer.as_asgi())


def archive(client: "redis.Redis[bytes]") -> int:
    """Store what the journal holds, oldest first; return how many positions that were."""
    entries: list[Any] = client.xrange("journal", count=1000)
    if entries:
        fixes = [json.loads(content[b"fix"]) for _, content in entries]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(INSERT, [(device, *fix.values()) for device, fix in fixes])
        client.xdel("journal", *(id_ for id_, _ in entries))
    return len(entries)
