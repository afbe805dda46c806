"""What the HTTP doors share: refusals, bodies, the memory of each device, and the wait for the journal."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import redis
from django.http import HttpRequest, JsonResponse

from tracking import contacts, journal, presence
from tracking.fixes import Batch, now_ms
from tracking.ingest.accept import Reporter
from tracking.ingest.admission import Source
from tracking.ingest.connection import Meter
from tracking.ingest.flush import flusher
from tracking.loops import per_loop

log = logging.getLogger("fleetline.http")

MAX_BODY = 8 * 1024 * 1024
MAX_ITEMS = 10_000
JOURNAL_WAIT_S = 10.0
# Requests of one device, averaged over REQUEST_WINDOW_S.
REQUESTS_PER_S, REQUEST_WINDOW_S = 50, 10
CALLERS = 20_000
RETRY_AFTER_S = 5


class Problem(Exception):
    """An answer that is no success: `{"error":{"code","detail"}}` with this status."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after = status, code, detail, retry_after

    def response(self) -> JsonResponse:
        response = JsonResponse({"error": {"code": self.code, "detail": self.detail}}, status=self.status)
        if self.retry_after is not None:
            response["Retry-After"] = str(self.retry_after)
        return response


def busy() -> Problem:
    return Problem(503, "busy", "Come back later.", retry_after=RETRY_AFTER_S)


def unavailable() -> Problem:
    detail = "The journal is down: send all of it again."
    return Problem(503, "unavailable", detail, retry_after=RETRY_AFTER_S)


def client(request: HttpRequest) -> str:
    """Who calls, as far as one can tell: the address, and the name that its software gives itself."""
    return f"{request.META.get('REMOTE_ADDR') or '?'} {request.headers.get('User-Agent', '')}".strip()


def read_body(request: HttpRequest) -> bytes:
    """The whole body; Problem 413 above MAX_BODY, whatever length it announced."""
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise Problem(413, "too_large", f"At most {MAX_BODY} bytes.")
    return body


class Caller:
    """What is remembered of a device between its requests."""

    def __init__(self, source: Source) -> None:
        self.reporter = Reporter(source)
        self._meter = Meter()
        self._requests = 0.0
        self._at = time.monotonic()
        self._last = 0

    def over(self, positions: int, length: int) -> bool:
        """Whether this request is one too many for the device; it does not count then."""
        now = time.monotonic()
        passed, self._at = now - self._at, now
        self._requests = max(self._requests - passed * REQUESTS_PER_S, 0) + 1
        too_much = self._meter.over(positions, length)
        if too_much or self._requests > REQUESTS_PER_S * REQUEST_WINDOW_S:
            self._requests -= 1
            self._meter.positions -= positions
            self._meter.bytes -= length
            return True
        return False

    async def heard(self, batch: Batch, *, door: str, client: str = "") -> None:
        """Note the contact, and count it as a connection for a while: Redis may be away, nothing is lost."""
        source = self.reporter.source
        moment = now_ms()
        pause, self._last = (moment - self._last if self._last else 0), moment
        kept = bool(batch.fixes or batch.rejections)
        params: dict[str, Any] = (
            {"stored": len(batch.fixes), "refused": len(batch.rejections)} if kept else {}
        )
        if batch.rejections:
            params["detail"] = batch.rejections[0].detail
        if source.pending:
            return contacts.note(source.uid, door=door, client=client, code="pending")
        contacts.note(
            source.who.device, door=door, client=client, code="stored" if kept else "heartbeat", **params
        )
        try:
            await presence.contact(source.who, pause_ms=pause)
        except (redis.RedisError, OSError) as error:
            log.warning("presence: %s: %s", type(error).__name__, error)
        return None


class Callers:
    """The devices that last posted to this process, at most CALLERS of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Caller] = OrderedDict()

    def of(self, source: Source) -> Caller:
        caller = self._known.pop(source.who.device, None)
        if caller is None or caller.reporter.source.who != source.who:
            caller = Caller(source)
        caller.reporter.source = source
        self._known[source.who.device] = caller
        if len(self._known) > CALLERS:
            self._known.popitem(last=False)
        return caller


@per_loop
def callers() -> Callers:
    return Callers()


async def keep(
    parts: Iterable[tuple[Reporter, Batch]],
    *,
    received: int,
    more: Iterable[journal.Entry] = (),
    within: float = JOURNAL_WAIT_S,
) -> None:
    """Return when all of it is in the journal; Problem 503 when there is no room or it takes too long."""
    parts, more = list(parts), list(more)
    out = flusher()
    count = len(more) + sum(len(batch.fixes) + len(batch.rejections) for _, batch in parts)
    if out.down or not out.has_room(count):
        raise unavailable()
    flush = out.open()
    for reporter, batch in parts:
        flush = reporter.accept(batch, received=received)
    for entry in more:
        flush.add(entry)
    try:
        await asyncio.wait_for(asyncio.shield(flush.done), within)
    except TimeoutError as error:
        raise unavailable() from error
