"""One connected device: what it says, what it is answered, and the messages sent to it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Iterable
from functools import partial
from typing import Any, NamedTuple

import msgspec
import redis
from django.db import Error as DatabaseError
from msgspec import UNSET, Struct, UnsetType

from tracking import journal, messages
from tracking.fixes import Batch, Ping, Receipt, Refused, Reply, Say, decode, iso, now_ms
from tracking.ingest.accept import Reporter
from tracking.ingest.admission import Source
from tracking.ingest.flush import Flush, flusher
from tracking.ingest.outbox import outbox
from tracking.loops import Resumed

log = logging.getLogger("fleetline.device")

MAX_FRAME_BYTES = 262_144
MAX_BAD_FRAMES = 20
MAX_ERRORS = 20
MAX_IN_FLIGHT = 1000
RATE_POSITIONS, RATE_BYTES, RATE_WINDOW_S = 5000, 2 * 1024 * 1024, 10
WRITE_S = 30


class ErrorFrame(Struct, tag="error", omit_defaults=True):
    code: str
    detail: str = ""
    seq: int | None | UnsetType = UNSET
    index: int | UnsetType = UNSET
    more: int = 0
    retry_after: int = 0


class Meter:
    """Positions and bytes averaged over RATE_WINDOW_S, as a bucket that drains at the rate."""

    __slots__ = ("at", "bytes", "positions")

    def __init__(self) -> None:
        self.positions = self.bytes = 0.0
        self.at = time.monotonic()

    def over(self, positions: int, length: int) -> bool:
        now = time.monotonic()
        passed, self.at = now - self.at, now
        self.positions = max(self.positions - passed * RATE_POSITIONS, 0) + positions
        self.bytes = max(self.bytes - passed * RATE_BYTES, 0) + length
        return self.positions > RATE_POSITIONS * RATE_WINDOW_S or self.bytes > RATE_BYTES * RATE_WINDOW_S


class Taken:
    """The frames of one connection that one flush carries: settled together, with one acknowledgement."""

    __slots__ = ("count", "flush", "refused", "seq")

    def __init__(self, flush: Flush) -> None:
        self.flush = flush
        self.count = self.seq = 0
        self.refused: list[tuple[Batch, int]] = []


class Closing(NamedTuple):
    """Close with this code, when what was written before has gone out."""

    code: int


Outgoing = str | int | Closing


class Connection:
    """One device, connected. Thousands are, most of them silent: nothing that they do not need is kept."""

    __slots__ = (
        "_deliver_again", "_delivering", "_out", "_send", "_taken", "_writing",
        "bad_in_a_row", "closed", "closing", "code", "epoch", "flusher", "heard", "highest", "in_flight",
        "last_message", "last_time", "meter", "refused_at", "reporter", "said_unavailable", "source",
        "told_alerts",
    )  # fmt: skip

    def __init__(self, source: Source, send: Any) -> None:
        self.source = source
        self.epoch = 0
        self.last_time = source.last_time
        self.heard = time.monotonic()
        self.highest = 0
        self.in_flight = 0
        self.refused_at: int | None = None
        self.bad_in_a_row = 0
        self.said_unavailable = False
        self.closed = False
        self.code = 0  # with which the server closed it
        self.closing: asyncio.Task[None] | None = None
        self.reporter = Reporter(source)
        self.meter = Meter()
        self.flusher = flusher()
        self.last_message = 0
        # Acknowledged alerts that it was told; None: it did not ask (tracking/ingest/acknowledged.py).
        self.told_alerts: set[int] | None = None
        self._send = send
        self._taken: Taken | None = None
        self._out: list[Outgoing] = []
        self._writing: asyncio.Handle | asyncio.Task[None] | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._deliver_again = False

    # --- what goes out: in order, acknowledgements of one moment together --------------------

    def write(self, *frames: Outgoing) -> None:
        """Queue frames; a number stands for the acknowledgement of all up to it, Closing for the end.

        They go out at once, in the next round of the event loop: what is written until then joins them.
        """
        self._out.extend(frames)
        if self._writing is None and not self.closed:
            self._writing = asyncio.get_running_loop().call_soon(self._drain)

    def error(self, code: str, detail: str = "", **more: Any) -> None:
        self.write(to_json(ErrorFrame(code=code, detail=detail, **more)))

    def ack(self, seq: int) -> None:
        """Acknowledge all frames up to `seq`; one that is next in line anyway is raised instead."""
        if self._out and isinstance(self._out[-1], int):
            self._out[-1] = max(self._out[-1], seq)
        else:
            self.write(seq)

    def _drain(self) -> None:
        """Write what is queued; only when the client does not read does a task wait for it."""
        self._writing = None
        while (event := self._next()) is not None:
            sending = self._send(event)
            try:
                waits_for = sending.send(None)
            except StopIteration:
                continue
            except (OSError, RuntimeError) as error:
                return self._lost(error)
            self._writing = asyncio.create_task(self._drain_slowly(Resumed(sending, waits_for)))
            return None
        return None

    async def _drain_slowly(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(WRITE_S):
                await sending
            while (event := self._next()) is not None:
                async with asyncio.timeout(WRITE_S):
                    await self._send(event)
        except (OSError, RuntimeError, TimeoutError) as error:
            self._lost(error)
        finally:
            self._writing = None

    def _next(self) -> dict[str, str] | None:
        if self.closed or not self._out:
            return None
        frame = self._out.pop(0)
        if isinstance(frame, Closing):
            self.close(frame.code)
            return None
        text = f'{{"type":"ack","seq":{frame}}}' if isinstance(frame, int) else frame
        return {"type": "websocket.send", "text": text}

    def _lost(self, error: Exception) -> None:
        log.debug("%s: cannot write: %s", self.source.uid, error)
        self.close(4503)

    def close(self, code: int) -> None:
        if not self.closed:
            self.closed = True
            self.code = code
            self._out.clear()
            log.info("%s: closed with %d", self.source.uid, code)
            self.closing = asyncio.create_task(self._close(code))

    async def _close(self, code: int) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code})

    # --- what comes in -------------------------------------------------------------------------

    async def on_text(self, text: str) -> None:
        self.heard = time.monotonic()
        if len(text) > MAX_FRAME_BYTES or (not text.isascii() and len(text.encode()) > MAX_FRAME_BYTES):
            return self.close(4413)
        received = now_ms()
        try:
            frame = decode(text, clock=self.reporter.clock, received=received)
        except Refused as refused:
            if self.meter.over(0, len(text)):
                return self.close(4429)
            return self._bad(refused.code, refused.detail, refused.seq)
        self.bad_in_a_row = 0
        if isinstance(frame, Ping):
            return self.write('{"type":"pong"}')
        count = len(frame.fixes) + len(frame.rejections) if isinstance(frame, Batch) else 1
        if self.meter.over(count, len(text)):
            return self.close(4429)
        seq = None
        if isinstance(frame, Batch):
            seq = frame.seq or self.highest + 1
        if self._is_crowded(seq, count) and not await self._has_room(seq, count):
            return None
        if isinstance(frame, Batch):
            self._take(frame, seq or 0, count, received)
        else:
            self._take_message(frame, received)
        return None

    def on_bytes(self) -> None:
        self.heard = time.monotonic()
        self._bad("unknown_type", "binary: send JSON in text frames", None)

    def _bad(self, code: str, detail: str, seq: int | None) -> None:
        if seq is not None:
            self.highest = max(self.highest, seq)
        elif code == "too_many_items":
            self.highest += 1
            seq = self.highest
        self.error(code, detail, seq=seq)
        self.bad_in_a_row += 1
        if self.bad_in_a_row >= MAX_BAD_FRAMES:
            self.write(Closing(4400))

    def _is_crowded(self, seq: int | None, count: int) -> bool:
        """Whether it takes a closer look to know if the frame can be kept."""
        return (
            (self.in_flight + count > MAX_IN_FLIGHT and self.in_flight > 0)
            or (self.refused_at is not None and seq is not None)
            or self.flusher.down
            or not self.flusher.has_room(count)
        )

    async def _has_room(self, seq: int | None, count: int) -> bool:
        """Whether the frame can be kept. While the journal is healthy, wait for room instead of refusing.

        A refused frame holds back all numbered ones after it, until it comes again: the
        acknowledgement of a later one would cover it. What has no number (`seq` None) does not.
        """
        if seq is not None and self.refused_at not in (None, seq):
            self.error("unavailable", "send again from the refused frame on", seq=seq)
            return False
        while self.in_flight and self.in_flight + count > MAX_IN_FLIGHT and not self.flusher.down:
            await asyncio.wait([self.flusher.open().done], timeout=0.25)
        full = self.in_flight and self.in_flight + count > MAX_IN_FLIGHT
        if full or not self.flusher.has_room(count):
            self.refused_at = self.refused_at if seq is None else seq
            self.error("unavailable", "the journal is down and there is no room to keep this", seq=seq)
            return False
        if seq is not None:
            self.refused_at = None
        if self.flusher.down:
            self.on_down()
        return True

    def on_down(self) -> None:
        if not self.said_unavailable:
            self.said_unavailable = True
            self.error(
                "unavailable", "the journal is down; what was sent is kept and acknowledged later", seq=None
            )

    def _take(self, batch: Batch, seq: int, count: int, received: int) -> None:
        self.highest = max(self.highest, seq)
        self.in_flight += count
        flush = self.reporter.accept(batch, received=received)
        taken = self._taken
        if taken is None or taken.flush is not flush:
            taken = self._taken = Taken(flush)
            flush.settled.append(partial(self._settled, taken))
        taken.count += count
        taken.seq = max(taken.seq, seq)
        if batch.rejections:
            taken.refused.append((batch, seq))

    def _settled(self, taken: Taken) -> None:
        self.in_flight -= taken.count
        self.said_unavailable = False
        for batch, seq in taken.refused:
            self.write(*_rejections(batch, seq))
        self.ack(taken.seq)
        if self._taken is taken:
            self._taken = None

    def _take_message(self, frame: Receipt | Reply | Say, received: int) -> None:
        if self.source.pending:
            return self.error("pending", "say it again when this device is accepted", seq=None)
        who = self.source.who
        entry = messages.heard(frame, vehicle=who.vehicle, device=who.device, received=received)
        self.in_flight += 1

        def settled() -> None:
            self.in_flight -= 1
            self.said_unavailable = False
            if isinstance(entry, journal.Said):
                self.write(to_json({"type": "receipt", "id": entry.id, "status": "stored"}))

        flush = self.flusher.open()
        flush.add(entry)
        flush.settled.append(settled)

    # --- messages to the vehicle: one sender a connection, in their order -----------------------

    def deliver(self) -> None:
        """Send the messages that wait for this vehicle; called again meanwhile, look once more."""
        self._deliver_again = True
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.create_task(self._deliver())

    async def _deliver(self) -> None:
        while self._deliver_again and not self.closed:
            self._deliver_again = False
            try:
                waiting = await outbox().fetch((self.source.who.vehicle, self.last_message))
                for message in waiting:
                    self.write(to_json(messages.to_device(message)))
                    self.last_message = message.number
                if waiting:
                    await outbox().sent([message.pk for message in waiting])
            except (DatabaseError, redis.RedisError, OSError) as error:
                log.warning("%s: messages wait: %s", self.source.uid, error)

    def hello(self) -> str:
        last = self.last_time
        return to_json(
            {
                "type": "hello",
                "uid": self.source.uid,
                "vehicle": self.source.vehicle_name,
                "fleet": self.source.fleet,
                "server_time": iso(now_ms()),
                "last_time": None if last is None else iso(last),
                "token_expires": iso(int(min(self.source.claims.expires, 253_402_300_799) * 1000)),
            }
        )


def to_json(content: Any) -> str:
    return msgspec.json.encode(content).decode()


def _rejections(batch: Batch, seq: int) -> Iterable[str]:
    shown = batch.rejections[:MAX_ERRORS]
    for left, rejection in zip(range(len(shown) - 1, -1, -1), shown, strict=True):
        yield to_json(
            ErrorFrame(
                code=rejection.code,
                detail=rejection.detail,
                seq=seq,
                index=rejection.index,
                more=0 if left else len(batch.rejections) - len(shown),
            )
        )
