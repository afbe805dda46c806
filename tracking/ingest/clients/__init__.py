"""The clients that other people wrote, on /i/<key>: which one is calling, and what does it say. Pure.

One module a client. Each turns what was sent into positions as `fixes.decode_items` takes them, so that
validation, ranges and quarantine are those of every other door.
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from tracking.fixes import MAX_RAW_CHARS
from tracking.ingest.clients import flespi, forward, osmand, overland, owntracks, plain, transistor
from tracking.ingest.clients.report import Record, Report, Unreadable

__all__ = ["Call", "Record", "Report", "Unreadable", "is_owntracks", "raw", "read"]

BOM = b"\xef\xbb\xbf"
FORM = "application/x-www-form-urlencoded"
GATEWAYS = ("Traccar server", "flespi")


class Call(Struct, frozen=True):
    """What of a request the clients are told by. `phone` is OwnTracks' X-Limit-D."""

    method: str
    query: str = ""
    content_type: str = ""
    body: bytes = b""
    agent: str = ""
    phone: str = ""


def read(call: Call) -> Report:
    """What the call says. Raise Unreadable when it is no client's that we know."""
    body = call.body.removeprefix(BOM).strip()
    if call.method == "GET" or (not body and call.query):
        return osmand.read(call.query)
    if not body:
        return Report("OwnTracks", about="an empty body")
    if body[:1] not in (b"{", b"["):
        report = osmand.read(call.query, body)
        if not report.records and not call.content_type.startswith(FORM):
            raise Unreadable("neither JSON nor a form")
        return report
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    found = _array(content) if isinstance(content, list) else _object(content, call)
    if found is None and call.query:
        return osmand.read(call.query)
    if found is None:
        raise Unreadable("JSON of a shape that no client here sends")
    return found


def _object(content: dict[str, Any], call: Call) -> Report | None:
    if owntracks.fits(content):
        # The app can be told to name the phone in the address instead: ?u=user&d=phone.
        return owntracks.read(content, uid=call.phone or dict(parse_qsl(call.query)).get("d", ""))
    if overland.fits(content):
        return overland.read(content)
    if forward.fits(content):
        return forward.read(content)
    if plain.is_home_assistant(content):
        return plain.home_assistant(content)
    if transistor.fits(content):
        return transistor.read(content)
    if plain.is_colota(content):
        return plain.colota(content)
    if osmand.fits(content):
        return osmand.read_objects([content])
    return plain.ours(content) if plain.is_ours(content) else None


def _array(content: list[Any]) -> Report | None:
    if flespi.fits(content):
        return flespi.read(content)
    objects = [item for item in content if isinstance(item, dict)]
    if objects and len(objects) == len(content) and all(map(osmand.fits, objects)):
        return osmand.read_objects(objects)
    if not content:
        return Report("flespi", about="an empty portion")
    return plain.ours(content) if any(map(plain.is_ours, objects)) else None


def is_owntracks(call: Call) -> bool:
    """Whether the phone may take a 4xx for "delivered" and forget: told before the body is understood."""
    return bool(call.phone) or call.agent.lower().startswith("owntracks") or b'"_type"' in call.body[:4096]


def raw(call: Call) -> str:
    """The beginning of what was sent, for the quarantine."""
    return (call.body.decode("utf-8", "replace") or call.query).replace("\0", "\ufffd")[:MAX_RAW_CHARS]
