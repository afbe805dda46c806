"""The devices connected to this process, and the one task that looks after all of them."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from tracking import contacts, database, devices, live, messages, presence
from tracking.ingest import acknowledged, admission
from tracking.ingest.connection import Connection
from tracking.ingest.roster import Facts, roster
from tracking.loops import forever, per_loop, shared_redis

log = logging.getLogger("fleetline.device")

SILENT_S = 15 * 60
DOOR = "socket"
# What a connection has reported is noted as soon as it has, then at most so often.
NOTE_S = 30.0
# Two devices with one credential: connections that were taken over while they still spoke.
ALIVE_S = 10.0
CLONED_TIMES, CLONED_WITHIN_S = 3, 600
GOODBYE_S = 1.0


class Registry:
    def __init__(self) -> None:
        self.connections: dict[int, Connection] = {}
        self.leaving = False
        self._tasks: list[asyncio.Task[None]] = []
        self._asides: set[asyncio.Task[None]] = set()
        self._asked: list[Connection] = []
        # When and up to which position it was told what a connection has reported.
        self._told: dict[Connection, tuple[float, int]] = {}

    async def add(self, connection: Connection) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(forever("presence", presence.RENEW_S, self.renew))]
            roster().watcher = self
            await roster().start()
            await live.hub().join(live.EVERY_PROCESS, self._on_event)
        device = connection.source.who.device
        older = self.connections.get(device)
        if older is not None and older.epoch > connection.epoch:
            connection.close(4409)
            return
        self.connections[device] = connection
        if older is not None:
            self._supersede(older)
        self._note(connection, "pending" if connection.source.pending else "connected")

    def remove(self, connection: Connection) -> None:
        device = connection.source.who.device
        if self.connections.get(device) is connection:
            del self.connections[device]
        self._note(connection, "closed", close=connection.code, again=True)
        self._told.pop(connection, None)

    def _supersede(self, older: Connection) -> None:
        if older.closed:
            return
        older.close(4409)
        if time.monotonic() - older.heard < ALIVE_S:
            self._aside(self._flap(older))

    async def _flap(self, connection: Connection) -> None:
        """Count how often a device's connection was taken over while it was alive."""
        device = connection.source.who.device
        key = f"flaps:{device}"
        try:
            pipe = shared_redis().pipeline()
            pipe.incr(key)
            pipe.expire(key, CLONED_WITHIN_S)
            times = int((await pipe.execute())[0])
        except (redis.RedisError, OSError) as error:
            log.warning("%s: not counted: %s", connection.source.uid, error)
            return
        if times >= CLONED_TIMES:
            log.warning("%s: two devices use this credential (%d times)", connection.source.uid, times)
            contacts.note(
                device, door=DOOR, client=connection.source.client, code="cloned", again=times > CLONED_TIMES,
                times=times,
            )  # fmt: skip

    def _aside(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _on_event(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == "superseded":
            for device, epoch in event["newest"]:
                mine = self.connections.get(device)
                if mine is not None and mine.epoch < epoch:
                    self._supersede(mine)
        elif kind == "outbox":
            for mine in self._of(*event["vehicles"]):
                mine.deliver()
        elif kind == "acknowledged":
            self._aside(acknowledged.tell(self._of(event["vehicle"])))

    def _of(self, *vehicles: int) -> list[Connection]:
        wanted = set(vehicles)
        return [c for c in self.connections.values() if c.source.who.vehicle in wanted]

    # --- every few seconds, and when something changed ---------------------------------------

    def wanted(self) -> Iterable[str]:
        self._asked = list(self.connections.values())
        return [connection.source.uid for connection in self._asked if not connection.source.pending]

    async def looked(self, found: Mapping[str, Facts]) -> None:
        """Cut off who may no longer report, note what was said, deliver what no hint announced."""
        now, moment = time.monotonic(), time.time()
        waits: list[Connection] = []
        for connection in self._asked:
            if connection.closed:
                continue
            if connection.source.claims.expires <= moment:
                connection.close(4401)
            elif connection.heard + SILENT_S < now:
                connection.close(4408)
            elif connection.source.pending:
                waits.append(connection)
            else:
                _check(connection, found.get(connection.source.uid))
            self._note_counts(connection)
        if waits:
            await _check_pending(waits)
        if self.connections:
            await self._deliver()
            await acknowledged.tell(self.connections.values())

    async def _deliver(self) -> None:
        for connection in self._of(*await database.run(messages.vehicles_waiting)):
            connection.deliver()

    def _note_counts(self, connection: Connection) -> None:
        told_at, told = self._told.get(connection, (0.0, 0))
        if connection.reporter.heard > told and (not told or told_at + NOTE_S < time.monotonic()):
            self._note(connection, "pending" if connection.source.pending else "connected", again=True)

    def _note(self, connection: Connection, code: str, **params: Any) -> None:
        """Tell of a connection, with what it has reported since that was told last."""
        source, counts = connection.source, connection.reporter.take_counts()
        self._told[connection] = (time.monotonic(), connection.reporter.heard)
        contacts.note(
            source.uid if source.pending else source.who.device,
            door=DOOR, client=source.client, code=code, key=str(connection.epoch), **counts, **params,
        )  # fmt: skip

    async def renew(self) -> None:
        mine = [(c.source.who, c.epoch) for c in self.connections.values()]
        epochs = {who.device: epoch for who, epoch in mine}
        for device in await presence.renew(mine):
            connection = self.connections.get(device)
            if connection is not None and connection.epoch == epochs[device]:
                self._supersede(connection)

    async def goodbye(self) -> None:
        """The server stops: tell every device to come back, and let none in."""
        self.leaving = True
        leaving = list(self.connections.values())
        for connection in leaving:
            connection.close(4503)
        written = [closing for c in leaving if (closing := c.closing) is not None]
        if written:
            await asyncio.wait(written, timeout=GOODBYE_S)
        await contacts.notebook().write()


def _check(connection: Connection, facts: Facts | None) -> None:
    """Close the connection when its device may not report any more; else have it know what changed."""
    source = connection.source
    if facts is None or facts.device != source.who.device:
        connection.close(4403)
        return
    if facts is source.facts and source.claims.generation >= facts.generation:
        return
    try:
        fresh = admission.again(source, facts)
    except admission.Refused as refused:
        log.info("%s", refused)
        connection.close(4403)
        return
    if fresh.who.vehicle != source.who.vehicle or fresh.who.fleet != source.who.fleet:
        connection.close(4503)  # it moved to another vehicle: come back and report for that one
        return
    connection.source = connection.reporter.source = fresh


async def _check_pending(connections: list[Connection]) -> None:
    """One that was accepted comes back as what it is now; one that was dismissed does not."""
    rows = {-connection.source.who.device for connection in connections}
    still = await database.run(devices.waiting, rows)
    accepted = await roster().devices.refresh(c.source.uid for c in connections)
    for connection in connections:
        if -connection.source.who.device not in still:
            connection.close(4503 if connection.source.uid in accepted else 4403)


@per_loop
def registry() -> Registry:
    return Registry()
