"""The ledger of messages between dispatchers and a vehicle.

A message is a row first; hints only make it sooner. Its status is a rank that only rises, and
messages of one vehicle are numbered under a lock of its row: sent in that order, by one sender
a connection.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from tracking import drivers, fixes, journal, live
from tracking.models import Message, Vehicle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TEXT = 2000
MAX_DETAIL = 200
MAX_REPLIES, MAX_REPLY = 6, 40
EXPIRES = timedelta(hours=24)
RECEIPTS = {
    "delivered": Message.Status.DELIVERED,
    "read": Message.Status.READ,
    "failed": Message.Status.FAILED,
}
Status = Message.Status
Change = tuple[str, int]  # a message's id and the status that it reached
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Refused(Exception):
    """The message cannot be queued: a code for programs, words for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def ulid() -> str:
    """A ULID (github.com/ulid/spec): 26 characters that sort by time."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def queue(
    vehicle: Vehicle,
    *,
    author: "User | None",
    author_name: str = "",
    text: str,
    replies: Sequence[str] = (),
    client_id: str | None = None,
) -> Message:
    """Write a message to a vehicle. The same author's `client_id` twice is one message."""
    text = text.strip()
    if not text or "\0" in text:
        raise Refused("empty_message", _("Write something first."))
    if len(text) > MAX_TEXT:
        raise Refused(
            "message_too_long", _("%(n)d characters; at most %(most)d.") % {"n": len(text), "most": MAX_TEXT}
        )
    if len(replies) > MAX_REPLIES or any(len(reply) > MAX_REPLY for reply in replies):
        most = {"most": MAX_REPLIES, "long": MAX_REPLY}
        raise Refused("too_many_replies", _("At most %(most)d answers of %(long)d characters.") % most)
    name = author_name or (author.get_full_name() or author.get_username() if author else "Dispatch")
    try:
        with transaction.atomic():
            message = Message.objects.create(
                id=ulid(),
                vehicle_id=vehicle.pk,
                number=_number(vehicle.pk),
                text=text,
                replies=list(replies),
                author=author,
                author_name=name,
                client_id=client_id or None,
                created=now(),
                expires=now() + EXPIRES,
            )
    except IntegrityError:
        return Message.objects.get(author=author, client_id=client_id)
    live.announce([live.outbox(vehicle.pk), live.frame(vehicle.fleet_id, serialize(message))])
    return message


def _number(vehicle: int) -> int:
    """The next number of the vehicle, under a lock of its row until the transaction ends."""
    Vehicle.objects.filter(pk=vehicle).update(last_message=F("last_message") + 1)
    return Vehicle.objects.values_list("last_message", flat=True).get(pk=vehicle)


# --- to the device -------------------------------------------------------------------------


def waiting(vehicle: int, *, after: int = 0) -> list[Message]:
    """Messages that the vehicle has not yet got, in their order."""
    return list(
        Message.objects.filter(
            Q(expires=None) | Q(expires__gt=now()),
            vehicle=vehicle,
            kind=Message.Kind.MESSAGE,
            status__lte=Status.SENT,
            number__gt=after,
        ).order_by("number")
    )


def vehicles_waiting() -> set[int]:
    """Vehicles with a message that was not sent to any device yet."""
    rows = Message.objects.filter(kind=Message.Kind.MESSAGE, status=Status.QUEUED)
    return set(rows.order_by().values_list("vehicle_id", flat=True).distinct())


def open_for(vehicles: Iterable[int]) -> set[int]:
    """Those of the vehicles that have a message which they have not yet got."""
    rows = Message.objects.filter(
        vehicle__in=list(vehicles), kind=Message.Kind.MESSAGE, status__lt=Status.SENT + 1
    )
    return set(rows.order_by().values_list("vehicle_id", flat=True).distinct())


def to_device(message: Message) -> dict[str, Any]:
    """The `message` frame of the device socket."""
    return {
        "type": "message",
        "id": message.pk,
        "text": message.text,
        "from": message.author_name,
        "sent_at": _iso(message.created),
        "replies": message.replies,
    }


def sent(ids: Iterable[str]) -> None:
    """Note that messages went out to a device."""
    ids = list(ids)
    Message.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1)
    fresh = Message.objects.filter(pk__in=ids, status__lt=Status.SENT)
    changed = [pk for pk in ids if fresh.filter(pk=pk).update(status=Status.SENT, sent=now())]
    announce((pk, Status.SENT) for pk in changed)


# --- from the device -----------------------------------------------------------------------


def heard(
    frame: fixes.Receipt | fixes.Reply | fixes.Say, *, vehicle: int, device: int, received: int
) -> journal.Receipt | journal.Said:
    """What a device said of or as a message, as it goes into the journal."""
    if isinstance(frame, fixes.Receipt):
        return journal.Receipt(
            vehicle, device, received, frame.id, frame.status[:16], (frame.detail or "")[:MAX_DETAIL]
        )
    if isinstance(frame, fixes.Reply):
        return journal.Said(
            vehicle, device, received, Message.Kind.REPLY.value, frame.id, frame.text, frame.in_reply_to
        )
    return journal.Said(vehicle, device, received, Message.Kind.SAY.value, frame.id, frame.text, None)


def store_receipt(receipt: journal.Receipt) -> Change | None:
    """Raise a message's status; return what changed, if anything. Inside a transaction."""
    status = RECEIPTS.get(receipt.status)
    if status is None:
        return None
    moment = datetime.fromtimestamp(receipt.received / 1000, UTC)
    changes: dict[str, Any] = {"status": status}
    if status == Status.FAILED:
        changes["detail"] = receipt.detail
    if status >= Status.DELIVERED:
        unknown = Message.objects.filter(pk=receipt.id, vehicle=receipt.vehicle, delivered=None)
        unknown.update(delivered=moment)
    if status == Status.READ:
        changes["read"] = moment
    rows = Message.objects.filter(pk=receipt.id, vehicle=receipt.vehicle, kind=Message.Kind.MESSAGE)
    return (receipt.id, status) if rows.filter(status__lt=status).update(**changes) else None


def store_said(said: journal.Said) -> Change | None:
    """Keep a reply or a say once; return it when it is new. Inside a transaction."""
    pk = f"{said.device}:{said.id}"
    if Message.objects.filter(pk=pk).exists():
        return None
    vehicle = Vehicle.objects.get(pk=said.vehicle)
    moment = datetime.fromtimestamp(said.received / 1000, UTC)
    Message.objects.create(
        id=pk,
        vehicle_id=said.vehicle,
        device_id=said.device,
        number=_number(said.vehicle),
        kind=said.kind,
        text=said.text,
        author_name=(drivers.at(vehicle.pk, moment) or vehicle).name,
        in_reply_to=said.in_reply_to,
        status=Status.DELIVERED,
        created=moment,
        delivered=moment,
    )
    return pk, Status.DELIVERED


# --- to the dashboards ---------------------------------------------------------------------


def serialize(message: Message) -> dict[str, Any]:
    """The `message`, `reply` or `say` frame of the browser socket."""
    return {
        "type": message.kind,
        "id": message.pk.rpartition(":")[2],  # a device's own id of what it said, without the device
        "vehicle": message.vehicle_id,
        "number": message.number,
        "status": Status(message.status).label,
        "text": message.text,
        "from": message.author_name,
        "replies": message.replies,
        "in_reply_to": message.in_reply_to,
        "created": _iso(message.created),
        "sent": _iso(message.sent),
        "delivered": _iso(message.delivered),
        "read": _iso(message.read),
        "expires": _iso(message.expires),
        "detail": message.detail,
        "client_id": message.client_id,
    }


def announce(changes: Iterable[Change]) -> None:
    """Show each change to everybody who watches the message's fleet: a rung of the ladder at a time."""
    changes = list(changes)
    if not changes:
        return
    rows = Message.objects.select_related("vehicle").in_bulk({pk for pk, _ in changes})
    live.announce(
        live.frame(rows[pk].vehicle.fleet_id, {**serialize(rows[pk]), "status": Status(status).label})
        for pk, status in changes
        if pk in rows
    )


def expire() -> int:
    """Mark messages whose time has passed; return how many."""
    late = Message.objects.filter(status__lte=Status.SENT, kind=Message.Kind.MESSAGE, expires__lte=now())
    ids = list(late.values_list("pk", flat=True))
    count = Message.objects.filter(pk__in=ids, status__lte=Status.SENT).update(status=Status.EXPIRED)
    announce((pk, Status.EXPIRED) for pk in ids)
    return count


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else fixes.iso(int(moment.timestamp() * 1000))
