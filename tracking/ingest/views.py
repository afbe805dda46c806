"""The same door over HTTP: POST /gps/positions, and /healthz."""

import asyncio
import json
import logging
from typing import Any

import msgspec
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tracking import database, health, journal, messages
from tracking.fixes import Receipt, Reply, decode_items, has_nul, now_ms
from tracking.ingest import admission
from tracking.ingest.accept import Reporter
from tracking.ingest.admission import Source, bearer
from tracking.ingest.flush import MAX_QUEUED, flusher

log = logging.getLogger("fleetline.http")

MAX_BODY = 8 * 1024 * 1024
MAX_ITEMS = 10_000
JOURNAL_WAIT_S = 10
LISTS = ("items", "receipts", "replies")


class Problem(Exception):
    def __init__(self, status: int, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after = status, code, detail, retry_after

    def response(self) -> JsonResponse:
        response = JsonResponse({"error": {"code": self.code, "detail": self.detail}}, status=self.status)
        if self.retry_after is not None:
            response["Retry-After"] = str(self.retry_after)
        return response


@csrf_exempt
async def positions(request: HttpRequest) -> HttpResponse:
    """Take positions, receipts and replies; answer when they are in the journal."""
    try:
        if request.method != "POST":
            raise Problem(405, "method_not_allowed", "POST positions here.")
        source = await _source(request)
        body = _body(request)
        return JsonResponse(await _take(source, body))
    except Problem as problem:
        return problem.response()


async def _source(request: HttpRequest) -> Source:
    headers = {
        b"authorization": request.headers.get("Authorization", "").encode(),
        b"token": request.headers.get("token", "").encode(),
    }
    try:
        return await database.run(admission.admit, bearer(headers))
    except admission.Refused as refused:
        log.warning("refused %s: %s", request.META.get("REMOTE_ADDR"), refused)
        status, code = (403, "forbidden") if refused.known else (401, "unauthorized")
        detail = "Send Authorization: Bearer <jwt> with a valid token; the server's log says what is wrong."
        raise Problem(status, code, detail) from refused
    except (DatabaseError, OSError) as error:
        raise Problem(503, "busy", "Come back later.", retry_after=5) from error


def _body(request: HttpRequest) -> dict[str, Any]:
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        raise Problem(413, "too_large", f"At most {MAX_BODY} bytes.")
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Problem(400, "invalid_json", str(error)) from error
    if isinstance(body, list):
        body = {"items": body}
    elif isinstance(body, dict) and ("latitude" in body or "lat" in body):
        body = {"items": [{key: value for key, value in body.items() if key not in ("type", "seq")}]}
    if (
        not isinstance(body, dict)
        or (body and not body.keys() & set(LISTS))
        or not all(isinstance(body.get(key, []), list) for key in LISTS)
    ):
        raise Problem(400, "invalid_position", 'Send a position, an array, or {"items": […]}.')
    if sum(len(body.get(key, [])) for key in LISTS) > MAX_ITEMS:
        raise Problem(413, "too_many_items", f"At most {MAX_ITEMS} items.")
    return body


async def _take(source: Source, body: dict[str, Any]) -> dict[str, Any]:
    received = now_ms()
    who = source.who
    reporter = Reporter(source)
    batch = decode_items(body.get("items", []), clock=reporter.clock, received=received)
    said: list[journal.Entry] = []
    for tag, key in (("receipt", "receipts"), ("reply", "replies")):
        for content in body.get(key, []):
            frame = _said({**content, "type": tag} if isinstance(content, dict) else content)
            said.append(messages.heard(frame, vehicle=who.vehicle, device=who.device, received=received))
    out = flusher()
    if out.down or out.queued + len(batch.fixes) > MAX_QUEUED:
        raise _unavailable()
    flush = reporter.accept(batch, received=received)
    for entry in said:
        flush.add(entry)
    try:
        await asyncio.wait_for(asyncio.shield(flush.done), JOURNAL_WAIT_S)
    except TimeoutError as error:
        raise _unavailable() from error
    return {
        "acked": len(batch.fixes),
        "rejected": [{"index": r.index, "code": r.code, "detail": r.detail} for r in batch.rejections],
        "messages": await _pending(who.vehicle),
    }


def _said(content: object) -> Receipt | Reply:
    try:
        if has_nul(content):
            raise Problem(400, "invalid_json", "\\u0000 is not text")
        return msgspec.convert(content, Receipt | Reply)
    except msgspec.ValidationError as error:
        raise Problem(400, "invalid_json", f"receipts, replies: {error}") from error


def _unavailable() -> Problem:
    return Problem(503, "unavailable", "The journal is down: send all of it again.", retry_after=5)


async def _pending(vehicle: int) -> list[dict[str, Any]]:
    try:
        waiting = await database.run(messages.waiting, vehicle)
        if waiting:
            await database.run(messages.sent, [message.pk for message in waiting])
    except (DatabaseError, OSError) as error:
        log.warning("messages wait: %s", error)
        return []
    return [messages.to_device(message) for message in waiting]


def healthz(_request: HttpRequest) -> JsonResponse:
    """200 when positions reach the journal and the database, else 503; says what is wrong."""
    ok, state = health.healthy()
    children = settings.DATA / "run" / "children.json"
    if children.exists():
        try:
            state["processes"] = json.loads(children.read_text())
        except ValueError:
            state["processes"] = None
    return JsonResponse({"status": "ok" if ok else "failing", **state}, status=200 if ok else 503)
