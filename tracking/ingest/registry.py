"""The devices connected to this process, and the one task that looks after all of them."""

import asyncio
import time
from typing import Any

from tracking import database, live, messages, presence
from tracking.ingest import admission
from tracking.ingest.connection import Connection
from tracking.loops import forever, per_loop

SILENT_S = 15 * 60


class Registry:
    def __init__(self) -> None:
        self.connections: dict[int, Connection] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._hints: set[asyncio.Task[None]] = set()

    async def add(self, connection: Connection) -> None:
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(forever("look after devices", live.LOOK_S, self.look)),
                asyncio.create_task(forever("presence", presence.RENEW_S, self.renew)),
            ]
            await live.hub().join(live.EVERY_PROCESS, self._on_event)
        device = connection.source.who.device
        older = self.connections.get(device)
        self.connections[device] = connection
        if older is not None:
            older.close(4409)

    def remove(self, connection: Connection) -> None:
        device = connection.source.who.device
        if self.connections.get(device) is connection:
            del self.connections[device]

    def _on_event(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "superseded":
            mine = self.connections.get(event["device"])
            if mine is not None and mine.epoch < event["epoch"]:
                mine.close(4409)
        elif kind == "outbox":
            for mine in self._of(event["vehicle"]):
                mine.deliver()
        elif kind == "look":
            task = asyncio.create_task(self.look())
            self._hints.add(task)
            task.add_done_callback(self._hints.discard)

    def _of(self, vehicle: int) -> list[Connection]:
        return [c for c in self.connections.values() if c.source.who.vehicle == vehicle]

    async def look(self) -> None:
        """Cut off who may no longer report, and deliver what a lost hint did not announce."""
        now = time.time()
        for connection in list(self.connections.values()):
            if connection.source.claims.expires <= now:
                connection.close(4401)
            elif connection.heard + SILENT_S < time.monotonic():
                connection.close(4408)
        if not self.connections:
            return
        sources = {device: c.source for device, c in self.connections.items()}
        for device, code in (await database.run(admission.still_valid, sources)).items():
            if device in self.connections:
                self.connections[device].close(code)
        waiting = await database.run(messages.vehicles_waiting)
        if waiting:
            for connection in list(self.connections.values()):
                if connection.source.who.vehicle in waiting:
                    connection.deliver()

    async def renew(self) -> None:
        mine = [(c.source.who, c.epoch) for c in self.connections.values()]
        epochs = {who.device: epoch for who, epoch in mine}
        for device in await presence.renew(mine):
            if device in self.connections and self.connections[device].epoch == epochs[device]:
                self.connections[device].close(4409)


@per_loop
def registry() -> Registry:
    return Registry()
