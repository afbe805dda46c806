"""The tutorial's way: a stock consumer, a group send and a Celery task for each position."""

import json
import time
from typing import Any

import jwt
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from benchmarks.baseline.celery import save_position
from benchmarks.baseline.settings import TOKEN_KEY

FIELDS = ("time", "latitude", "longitude", "speed", "heading", "battery", "ignition")


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
        save_position.delay(self.uid, fix)
        event = {"device": self.uid, **fix, "received": round(time.time() * 1000)}
        await self.channel_layer.group_send(self.group, {"type": "position", "event": event})
        await self.send(text_data=json.dumps({"type": "ack", "seq": message["seq"]}))


class DashboardConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add("fleet", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("fleet", self.channel_name)

    async def position(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message["event"]))

    async def positions(self, message: dict[str, Any]) -> None:
        """From step 3 on: many at once."""
        await self.send(text_data=json.dumps({"type": "positions", "events": message["events"]}))


def routes(devices: Any) -> Any:
    pages = [path("gps/connect", devices), path("ws/dashboard", DashboardConsumer.as_asgi())]
    return ProtocolTypeRouter({"websocket": URLRouter(pages)})


application = routes(DeviceConsumer.as_asgi())
