"""What this process has heard and not yet put into the journal.

A flush happens at once when none ran in the last FLUSH_MS, else FLUSH_MS after the last: quick
when idle, grouped under load. One pipeline carries a block per shard and the live positions per
fleet; only when Redis has answered for the block does anybody hear an acknowledgement.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import redis
from celery import current_app
from kombu.exceptions import OperationalError

from tracking import journal, live
from tracking.fixes import Fix
from tracking.loops import journal_redis, per_loop

log = logging.getLogger("fleetline.flush")

FLUSH_S = 0.010
MAX_QUEUED = 100_000
RETRY_FIRST_S, RETRY_MOST_S = 0.1, 2.0


class Mover(Protocol):
    """A device whose newest fix goes to the live picture."""

    @property
    def device(self) -> int: ...

    def update(self, fix: Fix, received: int) -> live.Update: ...


class Flush:
    """What one flush writes, and who waits for it."""

    def __init__(self, owner: "Flusher") -> None:
        self.entries: list[journal.Entry] = []
        self.positions = 0
        # Called, in this order, when the entries are in the journal.
        self.settled: list[Callable[[], None]] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = owner
        self._newest: dict[int, tuple[Mover, Fix, int]] = {}  # by device

    def add(self, entry: journal.Entry, positions: int = 1) -> None:
        """Queue an entry that counts for so many positions in the journal's limit."""
        self.entries.append(entry)
        self.positions += positions
        self._owner.queued += positions

    def moved(self, mover: Mover, fix: Fix, received: int) -> None:
        known = self._newest.get(mover.device)
        if known is None or fix.time > known[1].time:
            self._newest[mover.device] = (mover, fix, received)

    def updates(self) -> list[live.Update]:
        return [mover.update(fix, received) for mover, fix, received in self._newest.values()]


class Flusher:
    def __init__(self) -> None:
        self.queued = 0
        self.down = False
        self.on_down: set[Callable[[], None]] = set()
        self._next: Flush | None = None
        self._last = 0.0
        self._task: asyncio.Task[None] | None = None
        self._waking: set[asyncio.Future[None]] = set()

    def open(self) -> Flush:
        """The flush that still takes entries; it is under way as soon as it is asked for."""
        flush = self._next
        if flush is None:
            flush = self._next = Flush(self)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._run())
        return flush

    def has_room(self, count: int) -> bool:
        """Whether so many positions more can wait here."""
        return self.queued + count <= MAX_QUEUED

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._next is not None:
            wait = self._last + FLUSH_S - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            flush, self._next = self._next, None
            self._last = loop.time()
            await self._write(flush)
            self.queued -= flush.positions
            for settled in flush.settled:
                settled()
            flush.settled.clear()  # they know their flush: a cycle that only the collector would find
            flush.done.set_result(None)

    async def _write(self, flush: Flush) -> None:
        """Write until it is in; a block written twice after a lost answer is the same fixes twice."""
        retry, entries, updates = RETRY_FIRST_S, flush.entries, flush.updates()
        while True:
            try:
                entries = await self._try(entries, updates)
                if not entries:
                    break
                reason = "the journal is full: the archive does not keep up"
            except (redis.RedisError, OSError) as error:
                reason = f"{type(error).__name__}: {error}"
            if not self.down:
                log.error("journal unavailable, %d positions wait here: %s", self.queued, reason)
                self.down = True
                for listener in tuple(self.on_down):
                    listener()
            await asyncio.sleep(retry)
            retry = min(retry * 2, RETRY_MOST_S)
        if self.down:
            log.warning("journal is back")
            self.down = False

    async def _try(self, entries: list[journal.Entry], updates: list[live.Update]) -> list[journal.Entry]:
        """Return the entries of shards that were full."""
        pipe = journal_redis().pipeline(transaction=False)
        shards = journal.append(pipe, entries)
        fleets = live.take(pipe, updates)
        answers = await pipe.execute()
        full = set()
        for shard, taken in zip(shards, answers, strict=False):
            if taken == journal.FULL:
                full.add(shard)
            elif taken == journal.WAKE:
                self._wake(shard)
        self._publish(fleets, answers[len(shards) :], updates)
        return [entry for entry in entries if journal.shard_of(entry.vehicle) in full] if full else []

    def _publish(self, fleets: list[int], answers: list[Any], updates: list[live.Update]) -> None:
        if not fleets:
            return
        newest: dict[int, str] = {}
        for update in sorted(updates, key=lambda u: u.time):
            newest[update.vehicle] = update.value
        hub = live.hub()
        for fleet, moved in zip(fleets, answers, strict=True):
            if moved:
                hub.publish(fleet, {vehicle: newest[vehicle] for vehicle in moved})

    def _wake(self, shard: int) -> None:
        """Have a Celery worker archive; beat does the same every few seconds if this fails."""

        def wake() -> None:
            try:
                current_app.send_task("tracking.tasks.archive", args=[shard], queue="archive", expires=10)
            except (OSError, redis.RedisError, OperationalError) as error:
                log.warning("cannot wake the archiver: %s", error)

        task = asyncio.get_running_loop().run_in_executor(None, wake)
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)


@per_loop
def flusher() -> Flusher:
    return Flusher()
