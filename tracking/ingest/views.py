"""The same door over HTTP: POST /gps/positions, and /healthz."""

import json
import logging
from typing import Any

import msgspec
import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tracking import health
from tracking.fixes import decode_items, now_ms
from tracking.ingest import admission, conversation
from tracking.ingest.admission import Source, bearer
from tracking.ingest.http import (
    MAX_ITEMS,
    RETRY_AFTER_S,
    Caller,
    Problem,
    busy,
    callers,
    client,
    keep,
    read_body,
)
from tracking.ingest.strangers import strangers

log = logging.getLogger("fleetline.http")

DOOR = "POST"
LISTS = ("items", *conversation.LISTS)


@csrf_exempt
async def positions(request: HttpRequest) -> HttpResponse:
    """Take positions, receipts and replies; answer when they are in the journal."""
    try:
        if request.method != "POST":
            raise Problem(405, "method_not_allowed", "POST positions here.")
        source = await _source(request)
        body = read_body(request)
        content = _content(body)
        caller = callers().of(source)
        if caller.over(len(content.get("items", [])), len(body)):
            raise Problem(429, "too_many_requests", "Send less, or less often.", retry_after=RETRY_AFTER_S)
        return JsonResponse(await _take(caller, content, client(request)))
    except Problem as problem:
        return problem.response()


async def _source(request: HttpRequest) -> Source:
    headers = {
        b"authorization": request.headers.get("Authorization", "").encode(),
        b"token": request.headers.get("token", "").encode(),
    }
    try:
        return await admission.admitted(bearer(headers))
    except admission.Refused as refused:
        log.warning("refused %s: %s", request.META.get("REMOTE_ADDR"), refused)
        strangers().note(refused, door=DOOR, client=client(request))
        status, code = (403, "forbidden") if refused.known else (401, "unauthorized")
        detail = "Send Authorization: Bearer <jwt> with a valid token; the server's log says what is wrong."
        raise Problem(status, code, detail) from refused
    except (DatabaseError, redis.RedisError, OSError) as error:
        raise busy() from error


def _content(raw: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
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


async def _take(caller: Caller, body: dict[str, Any], client: str) -> dict[str, Any]:
    received = now_ms()
    reporter = caller.reporter
    try:
        batch = decode_items(body.get("items", []), clock=reporter.clock, received=received)
    except RecursionError as error:
        raise Problem(400, "invalid_json", "nested too deeply") from error
    heard = conversation.read(body)
    said = conversation.entries(heard, reporter.source, received=received)
    await keep([(reporter, batch)], more=said, received=received)
    await caller.heard(batch, door=DOOR, client=client)
    rejected = [{"index": r.index, "code": r.code, "detail": r.detail} for r in batch.rejections]
    return {
        "acked": len(batch.fixes),
        "rejected": rejected + conversation.refused(heard, reporter.source),
        "messages": await conversation.waiting(reporter.source),
    }


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
