"""Writing to vehicles: messages and commands, taking them back, saying them again."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from tracking import database, live
from tracking.messages.wire import announce, of_broadcasts, serialize
from tracking.models import Message, Vehicle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TEXT = 2000
MAX_REPLIES, MAX_REPLY = 6, 40
# What one vehicle may have waiting. A broadcast goes to it all the same.
MAX_WAITING = 500
MAX_EXPIRES = timedelta(days=30)
MAX_INTERVAL_S = 86_400
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
Status = Message.Status
AGAIN = (Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.UNABLE)


class Refused(Exception):
    """The message cannot be written: a code for programs, words for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def ulid() -> str:
    """A ULID (github.com/ulid/spec): 26 characters that sort by time."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def name_of(user: "User | None") -> str:
    """Whom the driver and the other dispatchers read as the author."""
    return (user.get_full_name() or user.get_username()) if user else "Dispatch"


def queue(
    vehicle: Vehicle,
    *,
    author: "User | None",
    author_name: str = "",
    text: str,
    replies: Sequence[str] = (),
    client_id: str | None = None,
    expires: timedelta | None = None,
) -> Message:
    """Write a message to a vehicle. The same author's `client_id` twice is one message.

    `expires` is how long it may take to be delivered, None: MESSAGE_EXPIRES_H.
    """
    text = checked(text, replies)
    content = {
        "text": text,
        "replies": list(replies),
        "author": author,
        "author_name": author_name or name_of(author),
        "client_id": client_id or None,
        "expires": deadline(expires),
    }
    return _queue(vehicle, content)


def command(
    vehicle: Vehicle,
    name: str,
    args: Mapping[str, Any],
    *,
    author: "User | None",
    client_id: str | None = None,
    expires: timedelta | None = None,
) -> Message:
    """Tell the vehicle's device what to do: `locate`, or `interval` with `seconds` (1 to MAX_INTERVAL_S)."""
    content = {
        "kind": Message.Kind.COMMAND,
        "text": name,
        "args": _checked_args(name, args),
        "author": author,
        "author_name": name_of(author),
        "client_id": client_id or None,
        "expires": deadline(expires),
    }
    return _queue(vehicle, content)


def cancel(pk: str, *, by: "User | None") -> bool:
    """Take back what was not delivered yet; False when it is too late, or was no message of ours."""
    taken = Message.objects.filter(pk=pk, status__lt=Status.FAILED).update(
        status=Status.CANCELLED, ended=now(), detail=name_of(by)
    )
    if taken:
        announce([(pk, Status.CANCELLED)])
    return bool(taken)


def resend(pk: str, *, by: "User | None") -> Message:
    """Say again what failed, expired or was cancelled: a new message that names the old one.

    Done twice it is the same one new message. Raise Refused for one that may still arrive.
    """
    old = Message.objects.select_related("vehicle").get(pk=pk)
    if (again := Message.objects.filter(resends=pk).select_related("vehicle").first()) is not None:
        return _shown_again(again)
    if old.status not in AGAIN:
        raise Refused("not_resendable", _("It is still on its way, or has arrived."))
    return _queue(old.vehicle, repetition(old, by=by))


def repetition(old: Message, *, by: "User | None") -> dict[str, Any]:
    """The content of a message that says `old` again."""
    same = ("kind", "text", "args", "replies", "broadcast_id")
    content = {name: getattr(old, name) for name in same}
    return {**content, "author": by, "author_name": name_of(by), "resends": old.pk, "expires": deadline(None)}


# --- what may be written -----------------------------------------------------------------------


def checked(text: str, replies: Sequence[str]) -> str:
    """The text as it is kept; Refused when it, or an answer to choose from, cannot be."""
    text = text.strip()
    if not text or "\0" in text:
        raise Refused("empty_message", _("Write something first."))
    if len(text) > MAX_TEXT:
        raise Refused(
            "message_too_long", _("%(n)d characters; at most %(most)d.") % {"n": len(text), "most": MAX_TEXT}
        )
    if len(replies) > MAX_REPLIES or any(len(reply) > MAX_REPLY or "\0" in reply for reply in replies):
        most = {"most": MAX_REPLIES, "long": MAX_REPLY}
        raise Refused("too_many_replies", _("At most %(most)d answers of %(long)d characters.") % most)
    return text


def _checked_args(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    if name == "locate" and not args:
        return {}
    if name == "interval" and args.keys() == {"seconds"}:
        seconds = args["seconds"]
        if type(seconds) is int and 1 <= seconds <= MAX_INTERVAL_S:
            return {"seconds": seconds}
    detail = _("Commands are “locate”, and “interval” with 1 to %(most)d seconds.")
    raise Refused("unknown_command", detail % {"most": MAX_INTERVAL_S})


def deadline(expires: timedelta | None) -> datetime:
    """Until when a message of now may be delivered."""
    if expires is None:
        expires = timedelta(hours=settings.MESSAGE_EXPIRES_H)
    if not timedelta(0) < expires <= MAX_EXPIRES:
        raise Refused("invalid_expiry", _("It may take at most %(days)d days.") % {"days": MAX_EXPIRES.days})
    return now() + expires


# --- the row -----------------------------------------------------------------------------------


def _queue(vehicle: Vehicle, content: Mapping[str, Any]) -> Message:
    """Write it once, and say so. Raise Refused when the vehicle has too much waiting."""
    waiting = Message.objects.filter(vehicle=vehicle.pk, status__lt=Status.FAILED)
    if waiting.order_by().count() >= MAX_WAITING:
        raise Refused("too_many_waiting", _("%(n)d messages wait for it already.") % {"n": MAX_WAITING})
    try:
        with transaction.atomic():
            (message,) = insert([vehicle.pk], lambda _vehicle: content)
    except IntegrityError:
        return _known(vehicle, content)
    message.vehicle = vehicle
    shown = (
        [*of_broadcasts([(message, Status.QUEUED)])]
        if message.broadcast_id
        else [live.frame(vehicle.fleet_id, serialize(message))]
    )
    live.announce([live.outbox(vehicle.pk), *shown])
    return message


def _known(vehicle: Vehicle, content: Mapping[str, Any]) -> Message:
    """The message that was written before with the same id, or as the same repetition."""
    rows = Message.objects.select_related("vehicle")
    if content.get("resends"):
        return _shown_again(rows.get(resends=content["resends"]))
    found = rows.get(author=content["author"], client_id=content["client_id"] or "")
    if found.vehicle_id != vehicle.pk:
        raise Refused("client_id_taken", _("This was sent to another vehicle already."))
    return _shown_again(found)


def _shown_again(message: Message) -> Message:
    """Whoever asked twice may not have heard the first answer."""
    live.announce([live.frame(message.vehicle.fleet_id, serialize(message))])
    return message


def insert(vehicles: Iterable[int], content: Callable[[int], Mapping[str, Any]]) -> list[Message]:
    """Write a message to each vehicle, numbered under a lock of its row. Inside a transaction.

    The locks are taken in the order of ids, as everywhere, so that two at once do not wait for each other.
    """
    ids = sorted(set(vehicles))
    numbers = {pk: number for part in database.parts(ids) for pk, number in number_next(part)}
    moment = now()
    rows = [
        Message(id=ulid(), vehicle_id=pk, number=numbers[pk], created=moment, **content(pk))
        for pk in ids
        if pk in numbers
    ]
    return Message.objects.bulk_create(rows, batch_size=100)


def number_next(ids: Sequence[int]) -> list[tuple[int, int]]:
    """The next number of each vehicle, (id, number), locked until the transaction ends."""
    rows = Vehicle.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    Vehicle.objects.filter(pk__in=ids).update(last_message=F("last_message") + 1)
    return list(rows.values_list("pk", "last_message"))
