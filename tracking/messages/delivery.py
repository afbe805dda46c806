"""What waits for a vehicle, and what became of it on its way there."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import now

from tracking import database
from tracking.messages.wire import announce, iso
from tracking.models import Message

Status = Message.Status
# Queued or sent: the condition of the index `message_open`.
OPEN = Q(status__lt=Status.FAILED)


def waiting_for(asked: Sequence[tuple[int, int]]) -> list[list[Message]]:
    """Messages and commands that each vehicle has not yet got, in their order, above the number given."""
    rows = Message.objects.filter(
        OPEN, Q(expires=None) | Q(expires__gt=now()), vehicle__in={vehicle for vehicle, _ in asked}
    )
    found: dict[int, list[Message]] = {}
    for message in rows.order_by("vehicle", "number"):
        found.setdefault(message.vehicle_id, []).append(message)
    return [[m for m in found.get(vehicle, ()) if m.number > after] for vehicle, after in asked]


def vehicles_waiting() -> set[int]:
    """Vehicles with a message that was not sent to any device yet."""
    rows = Message.objects.filter(OPEN, status=Status.QUEUED)
    return set(rows.order_by().values_list("vehicle_id", flat=True).distinct())


def open_for(vehicles: Iterable[int]) -> set[int]:
    """Those of the vehicles that have a message which they have not yet got."""
    rows = Message.objects.filter(OPEN, vehicle__in=list(vehicles))
    return set(rows.order_by().values_list("vehicle_id", flat=True).distinct())


def to_device(message: Message) -> dict[str, Any]:
    """The `message` or `command` frame of the device socket."""
    if message.kind == Message.Kind.COMMAND:
        return {"type": "command", "id": message.pk, "name": message.text, "args": message.args}
    return {
        "type": "message",
        "id": message.pk,
        "text": message.text,
        "from": message.author_name,
        "sent_at": iso(message.created),
        "replies": message.replies,
    }


def sent(ids: Sequence[str]) -> None:
    """Note that messages went out to a device."""
    changed: list[str] = []
    for part in database.parts(sorted(ids)):
        with transaction.atomic():
            rows = Message.objects.filter(pk__in=part)
            # Locked in the order of ids, as everywhere.
            found = list(rows.select_for_update().order_by("pk").values_list("pk", "status"))
            fresh = [pk for pk, status in found if status < Status.SENT]
            rows.update(attempts=F("attempts") + 1)
            rows.filter(pk__in=fresh).update(status=Status.SENT, sent=now())
        changed += fresh
    announce((pk, Status.SENT) for pk in changed)


def expire() -> int:
    """Mark messages whose time has passed; return how many."""
    expired = 0
    late = Message.objects.filter(OPEN, expires__lte=now()).order_by("pk")
    while True:
        with transaction.atomic():
            # What is being receipted at this moment is looked at again the next time.
            ids = list(late.select_for_update(skip_locked=True).values_list("pk", flat=True)[: database.IDS])
            Message.objects.filter(pk__in=ids).update(status=Status.EXPIRED, ended=now())
        announce((pk, Status.EXPIRED) for pk in ids)
        expired += len(ids)
        if len(ids) < database.IDS:
            return expired
