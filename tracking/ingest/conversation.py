"""The conversation of a device without a socket: what it says in its requests, messages in the answers."""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import Error as DatabaseError

from tracking import devices, journal, messages
from tracking.fixes import Receipt, Reply, Say, has_nul
from tracking.ingest.admission import Source
from tracking.ingest.http import Problem
from tracking.ingest.outbox import outbox

log = logging.getLogger("fleetline.http")

# The lists of a body, and what each holds.
LISTS = {"receipts": "receipt", "replies": "reply", "says": "say"}
Heard = dict[str, list[Receipt | Reply | Say]]


def read(body: dict[str, Any]) -> Heard:
    """What a body says besides positions, by its lists. Raise Problem 400 when it cannot be read."""
    return {
        name: [_frame(content, tag) for content in body[name]]
        for name, tag in LISTS.items()
        if isinstance(body.get(name), list)
    }


def _frame(content: object, tag: str) -> Receipt | Reply | Say:
    try:
        if has_nul(content):
            raise Problem(400, "invalid_json", "\\u0000 is not text")
        frame = {**content, "type": tag} if isinstance(content, dict) else content
        return msgspec.convert(frame, Receipt | Reply | Say)
    except msgspec.ValidationError as error:
        raise Problem(400, "invalid_json", f"{', '.join(LISTS)}: {error}") from error
    except RecursionError as error:
        raise Problem(400, "invalid_json", "nested too deeply") from error


def entries(heard: Heard, source: Source, *, received: int) -> Iterable[journal.Entry]:
    """What goes into the journal; nothing of a device that waits to be accepted."""
    if source.pending:
        return []
    who = source.who
    return [
        messages.heard(frame, vehicle=who.vehicle, device=who.device, received=received)
        for frames in heard.values()
        for frame in frames
    ]


def refused(heard: Heard, source: Source) -> list[dict[str, Any]]:
    """What was not taken, named by its list and place: all of it while the device waits to be accepted."""
    if not source.pending:
        return []
    detail = "say it again when this device is accepted"
    return [
        {"list": name, "index": index, "id": frame.id, "code": devices.PENDING, "detail": detail}
        for name, frames in heard.items()
        for index, frame in enumerate(frames)
    ]


async def waiting(source: Source) -> list[dict[str, Any]]:
    """The messages and commands that the device's vehicle has not yet receipted; it gets them now."""
    if source.pending:
        return []
    try:
        found = await outbox().fetch((source.who.vehicle, 0))
        if found:
            await outbox().sent([message.pk for message in found])
    except (DatabaseError, OSError) as error:
        log.warning("messages wait: %s", error)
        return []
    return [messages.to_device(message) for message in found]
