"""/i/<key>: the address of one phone or gateway, for every client in tracking/ingest/clients.

The promise is that of /gps/positions: a success is sent after the journal has what was sent, or after a
position that will never be right was put into quarantine. Which status says so is the client's, because
most of them forget what was answered with the wrong one (docs/PROTOCOL.md).
"""

import asyncio
import logging
from collections.abc import Iterable

import msgspec
import redis
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from msgspec import Struct

from tracking import journal, live
from tracking.fixes import MAX_AHEAD_MS, Batch, Rejection, decode_items, now_ms
from tracking.ingest import admission, clients, conversation, mates, rescue
from tracking.ingest.admission import Source
from tracking.ingest.clients import Call, Record, Report, Unreadable
from tracking.ingest.clients.report import instant
from tracking.ingest.http import (
    MAX_ITEMS,
    RETRY_AFTER_S,
    Caller,
    Problem,
    busy,
    callers,
    keep,
    read_body,
    unavailable,
)
from tracking.ingest.strangers import strangers

log = logging.getLogger("fleetline.phones")

DOOR = "/i/"
# Traccar gives up reading after 5 s: an answer that comes later is none.
JOURNAL_WAIT_S = 4.0
MAX_UID_CHARS = 64
MAX_DEVICES = 1000
METHODS = ("GET", "POST")
# Refusals of one device of a gateway; the key itself is good.
NOT_ITS_DEVICE = ("unknown_device", "not_in_fleet", "no_uid")
STATUS = {"no_uid": 400, "unknown_device": 404, "not_in_fleet": 404}


class Part(Struct):
    """What one call says of one device."""

    caller: Caller
    batch: Batch
    heartbeats: list[Record]
    client: str

    @property
    def source(self) -> Source:
        return self.caller.reporter.source


@csrf_exempt
async def ingest(request: HttpRequest, key: str) -> HttpResponse:
    """Take what a phone or a gateway sends; answer as it needs to be answered."""
    call = Call(request.method or "")
    try:
        if call.method not in METHODS:
            raise Problem(405, "method_not_allowed", "GET or POST positions here.")
        call = Call(
            call.method,
            query=request.META.get("QUERY_STRING", ""),
            content_type=request.headers.get("Content-Type", "").lower(),
            body=read_body(request),
            agent=request.headers.get("User-Agent", ""),
            phone=request.headers.get("X-Limit-D", ""),
        )
        return await _answer(call, key)
    except Problem as problem:
        if clients.is_owntracks(call) and problem.status != 413:
            # On iOS it takes any 4xx for "delivered" and forgets the position.
            problem = Problem(503, problem.code, problem.detail, retry_after=RETRY_AFTER_S)
        response = problem.response()
        if problem.status == 405:
            response["Allow"] = ", ".join(METHODS)
        # Django's own log line of an error names the address, which is a secret.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


async def _answer(call: Call, key: str) -> HttpResponse:
    unreadable = ""
    try:
        report = clients.read(call)
    except Unreadable as error:
        unreadable, report = str(error), Report("OwnTracks" if clients.is_owntracks(call) else "")
    if len(report.records) > MAX_ITEMS:
        raise Problem(413, "too_many_items", f"At most {MAX_ITEMS} positions.")
    received = now_ms()
    said = conversation.read(report.said)
    groups = _by_uid(report)
    sources = await _admit(key, call, report, groups)
    if unreadable:
        parts = [_unreadable(source, report.client, unreadable, call) for source in sources.values()]
    else:
        parts = await _parts(report, groups, sources, received, call)
    _limit(parts, len(call.body))
    await _keep(parts, said, received)
    for part in parts:
        if report.records or report.said or unreadable:
            await _heard(part, received)
    if unreadable and report.client != "OwnTracks":
        raise Problem(400, "unknown_format", unreadable[:500])
    return await _success(report.client, parts, said)


# --- who is it ---------------------------------------------------------------------------------


def _by_uid(report: Report) -> dict[str, list[Record]]:
    """The records of each device that the call names; what names none belongs to the only other one."""
    named = {record.uid for record in report.records if record.uid}
    alone = named.pop() if len(named) == 1 else ""
    groups: dict[str, list[Record]] = {}
    for record in report.records:
        groups.setdefault(record.uid or alone, []).append(record)
    if len(groups) > MAX_DEVICES:
        raise Problem(413, "too_many_items", f"At most {MAX_DEVICES} devices in a call.")
    return groups or {"": []}


async def _admit(key: str, call: Call, report: Report, groups: dict[str, list[Record]]) -> dict[str, Source]:
    """The device of each uid. With a device's own key every uid means that device."""
    try:
        admitted = await asyncio.gather(*(_admitted(key, uid) for uid in groups))
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("busy: %s: %s", type(error).__name__, error)
        raise busy() from error
    found = dict(zip(groups, admitted, strict=True))
    sources = {uid: source for uid, source in found.items() if isinstance(source, Source)}
    refusals = {uid: refused for uid, refused in found.items() if isinstance(refused, admission.Refused)}
    for refused in refusals.values():
        log.warning("refused %s: %s", report.client or "a call", refused)
        strangers().note(refused, door=DOOR, client=report.client)
    if refusals and not sources:
        first = next(iter(refusals.values()))
        empty = first.code == "no_uid" and not report.records
        # One portion that flespi cannot deliver would hold back all devices of its stream.
        if not empty and not (report.client == "flespi" and first.code in NOT_ITS_DEVICE):
            raise _problem(call, first)
    if len({source.who.device for source in sources.values()}) < len(sources) and (
        report.client in clients.GATEWAYS
    ):
        raise Problem(403, "one_device", "The key is of one device, and several report: use a gateway's key.")
    return sources


async def _admitted(key: str, uid: str) -> Source | admission.Refused:
    try:
        return await admission.admitted_by_key(key, uid=uid if _is_uid(uid) else None)
    except admission.Refused as refused:
        return refused


def _is_uid(uid: str) -> bool:
    return 0 < len(uid) <= MAX_UID_CHARS and uid.isprintable()


def _problem(call: Call, refused: admission.Refused) -> Problem:
    if refused.code == "unknown_key":
        return Problem(404 if call.method == "GET" else 401, "unknown_key", "There is no such address.")
    if refused.code in NOT_ITS_DEVICE:  # the same, whether it is another fleet's or nobody's
        return Problem(STATUS[refused.code], "unknown_device", "No device of this name reports here.")
    return Problem(403, "forbidden", "This device may not report; its page says why.")


# --- what did it say ---------------------------------------------------------------------------


async def _parts(
    report: Report, groups: dict[str, list[Record]], sources: dict[str, Source], received: int, call: Call
) -> list[Part]:
    """What was said of each device that was admitted, decoded as at every other door."""
    parts: dict[int, Part] = {}
    for uid, source in sources.items():
        part = parts.setdefault(
            source.who.device, Part(callers().of(source), Batch(None, [], []), [], report.client)
        )
        items = [record.item for record in groups[uid] if record.item is not None]
        clock = part.caller.reporter.clock
        try:
            batch = decode_items(items, clock=clock, received=received)
            await rescue.alarms(batch, items, source, clock=clock, received=received)
        except RecursionError:
            batch = Batch(None, [], [Rejection(0, "nested too deeply", clients.raw(call))])
        except (redis.RedisError, OSError) as error:
            raise unavailable() from error
        if report.about:
            batch.rejections = [msgspec.structs.replace(r, detail=report.about) for r in batch.rejections]
        part.batch.fixes += batch.fixes
        part.batch.rejections += batch.rejections
        part.heartbeats += [record for record in groups[uid] if record.item is None]
    return list(parts.values())


def _unreadable(source: Source, client: str, detail: str, call: Call) -> Part:
    rejection = Rejection(0, detail[:500], clients.raw(call), code="unknown_format")
    return Part(callers().of(source), Batch(None, [], [rejection]), [], client)


def _limit(parts: list[Part], length: int) -> None:
    """Too many requests, positions or bytes of a device: 429, but never for an alarm."""
    over = [part.caller.over(_count(part), length // len(parts)) for part in parts]
    if any(over) and not any(fix.alarm for part in parts for fix in part.batch.fixes):
        raise Problem(429, "too_many_requests", "Send less, or less often.", retry_after=RETRY_AFTER_S)


def _count(part: Part) -> int:
    return len(part.batch.fixes) + len(part.batch.rejections) + len(part.heartbeats)


# --- keep it, and tell the others ----------------------------------------------------------------


async def _keep(parts: list[Part], said: conversation.Heard, received: int) -> None:
    more: list[journal.Entry] = []
    for part in parts:
        more += _heartbeats(part, received)
        more += conversation.entries(said, part.source, received=received)
    reported = [(part.caller.reporter, part.batch) for part in parts]
    await keep(reported, more=more, received=received, within=JOURNAL_WAIT_S)


def _heartbeats(part: Part, received: int) -> Iterable[journal.Heartbeat]:
    """The batteries that came without a position, each at its own time, if that can be true."""
    who = part.source.who
    for record in part.heartbeats:
        if record.battery is not None and not part.source.pending:
            said = instant(record.time)
            moment = received if said is None or not 0 <= said <= received + MAX_AHEAD_MS else said
            yield journal.Heartbeat(who.vehicle, who.device, received, moment, record.battery)


async def _heard(part: Part, received: int) -> None:
    """It is in the journal: count it as a sign of life, show its battery, and note the contact."""
    source = part.source
    await part.caller.heard(part.batch, door=DOOR, client=part.client)
    if source.primary or not source.who.siblings:  # only the device that moves the marker speaks for it
        newest = max(_heartbeats(part, received), key=lambda beat: beat.time, default=None)
        try:
            if newest is not None:
                await live.refresh_battery(
                    source.who.fleet, source.who.vehicle, battery=newest.battery, time=newest.time
                )
        except (redis.RedisError, OSError) as error:
            log.warning("battery not shown: %s: %s", type(error).__name__, error)


# --- the answer ----------------------------------------------------------------------------------


async def _success(client: str, parts: list[Part], said: conversation.Heard) -> HttpResponse:
    if client in ("OwnTracks", "GPSLogger"):
        shown = [part.source for part in parts if part.batch.fixes] if client == "OwnTracks" else []
        return _json(await mates.answer(shown[0]) if len(shown) == 1 else [])
    if client == "Overland":
        return _json({"result": "ok"})
    if client == "Fleetline":
        # Ours names no device: there is one part, or none.
        rejected = [r for part in parts for r in part.batch.rejections]
        named = [{"index": r.index, "code": r.code, "detail": r.detail} for r in rejected]
        content = {
            "acked": sum(len(part.batch.fixes) for part in parts),
            "rejected": named + [r for part in parts for r in conversation.refused(said, part.source)],
            "messages": [m for part in parts for m in await conversation.waiting(part.source)],
        }
        return _json(content)
    return HttpResponse(content_type="text/plain")


def _json(content: object) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")
