"""What pages show of a conversation: messages, their states in words, who drove then, what may be done."""

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking import messages, notes
from tracking.models import Assignment, Latest, Message, Vehicle
from tracking.models.message import LATE

THREAD_LENGTH = 50  # newest messages shown at first …
MAX_THREAD_LENGTH = 2000  # … and at most, by "Show earlier"
DEFAULT_REPLIES = gettext_lazy("OK, Delayed")
# How long a message may wait for its vehicle: hours, and in words.
EXPIRY = {
    1: gettext_lazy("1 hour"),
    8: gettext_lazy("8 hours"),
    24: gettext_lazy("1 day"),
    72: gettext_lazy("3 days"),
}
USUAL_EXPIRY = 24
INTERVALS_S = (5, 15, 30, 60, 300)
Status, Kind = Message.Status, Message.Kind

ICONS = {
    Status.QUEUED: "○",
    Status.SENT: "✓",
    Status.DELIVERED: "✓✓",
    Status.READ: "✓✓",
    Status.DONE: "✓✓",
    Status.FAILED: "✕",
    Status.UNABLE: "✕",
    Status.EXPIRED: "!",
    Status.CANCELLED: "–",
}
WORDS = {
    Status.QUEUED: gettext_lazy("queued"),
    Status.SENT: gettext_lazy("sent"),
    Status.DELIVERED: gettext_lazy("delivered"),
    Status.READ: gettext_lazy("read"),
    Status.DONE: gettext_lazy("done"),
    Status.FAILED: gettext_lazy("failed"),
    Status.UNABLE: gettext_lazy("failed"),
    Status.EXPIRED: gettext_lazy("expired"),
    Status.CANCELLED: gettext_lazy("cancelled"),
}
RESENDABLE = {Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.UNABLE}


def thread_context(found: Vehicle, *, may_write: bool, count: str = "") -> dict[str, Any]:
    """What `_thread.html` needs: the newest `count` messages, oldest first, and an empty composer."""
    shown = min(max(int(count), THREAD_LENGTH), MAX_THREAD_LENGTH) if count.isdecimal() else THREAD_LENGTH
    newest = list(found.messages.order_by("-number").select_related("vehicle")[: shown + 1])
    return {
        "vehicle": found,
        "thread": rows(found.pk, list(reversed(newest[:shown]))),
        "count": shown,
        "earlier": 2 * shown if len(newest) > shown and shown < MAX_THREAD_LENGTH else None,
        "unread": sum(1 for message in newest if is_unread(message)),
        "may_write": may_write,
        "holds": _holds(found),
        "note": notes.get(found),
        **composer(found),
    }


def _holds(found: Vehicle) -> bool:
    """Whether its device says that it keeps messages back while driving (`attributes.holds_messages`)."""
    said = Latest.objects.filter(vehicle=found, attributes__contains="holds_messages")
    return any(json.loads(row.attributes or "{}").get("holds_messages") is True for row in said)


def composer(found: Vehicle) -> dict[str, Any]:
    """An empty one, with the texts of the vehicle's fleet."""
    return {
        "client_id": new_id(),
        "replies": ", ".join(found.fleet.canned_answers) or str(DEFAULT_REPLIES),
        "canned": found.fleet.canned,
        "max_text": messages.MAX_TEXT,
        "expiry": EXPIRY,
        "hours": USUAL_EXPIRY,
        "intervals": INTERVALS_S,
    }


def new_id() -> str:
    """What makes a message that is sent twice one message."""
    return uuid.uuid4().hex


def expiry_of(typed: str) -> int:
    """Hours, from a form; anything that was not offered is the usual."""
    return int(typed) if typed.isdecimal() and int(typed[:9]) in EXPIRY else USUAL_EXPIRY


def rows(vehicle: int, thread: list[Message]) -> list[dict[str, Any]]:
    """The messages of one vehicle, oldest first, as a thread shows them."""
    again = Message.objects.filter(resends__in=[message.pk for message in thread])
    said_again = set(again.values_list("resends", flat=True))
    drove = _drivers(vehicle, [message.created for message in thread])
    before = ""
    found = []
    for message, driver in zip(thread, drove, strict=True):
        row = state_of(message)
        row["resent"] = message.pk in said_again
        row["may_resend"] = row["may_resend"] and not row["resent"]
        row["driver"] = driver if driver != before else ""
        before = driver
        found.append(row)
    return found


def state_of(message: Message) -> dict[str, Any]:
    """A message's newest state: icon, word, time, why; and what may be done about it."""
    status = Status(message.status)
    ours = message.kind in (Kind.MESSAGE, Kind.COMMAND)
    moment = {
        Status.SENT: message.sent,
        Status.DELIVERED: message.delivered,
        Status.READ: message.read,
    }.get(status, message.ended)
    waits = message.kind == Kind.MESSAGE and status == Status.DELIVERED and message.delivered is not None
    return {
        "message": message,
        "ours": ours,
        "command": command_words(message) if message.kind == Kind.COMMAND else "",
        "status": status.label,
        "word": WORDS[status],
        "icon": ICONS[status],
        "at": moment if ours and status != Status.QUEUED else None,
        "late": message.late,
        # When it will be late: the page looks again then.
        "late_at": message.delivered + LATE if waits and not message.late and message.delivered else None,
        "may_cancel": ours and status <= Status.SENT,
        "may_resend": ours and status in RESENDABLE,
        "unread": is_unread(message),
    }


def is_unread(message: Message) -> bool:
    """Whether a driver said it and no dispatcher of the fleet has looked at it yet."""
    return message.kind in (Kind.REPLY, Kind.SAY) and message.opened is None


def command_words(message: Message) -> str:
    """What was asked of the device."""
    if message.text == "interval":
        return _("Report every %(n)s s") % {"n": message.args.get("seconds", "–")}
    return _("Where are you now?") if message.text == "locate" else message.text


def _drivers(vehicle: int, moments: list[datetime]) -> list[str]:
    """Who drove the vehicle at each of these rising moments, by name; "" when nobody was assigned."""
    if not moments:
        return []
    ran = Q(end=None) | Q(end__gt=moments[0])
    assigned = list(
        Assignment.objects.filter(ran, vehicle=vehicle, start__lte=moments[-1]).select_related("driver")
    )
    return [_at(assigned, moment) for moment in moments]


def _at(assigned: Iterable[Assignment], moment: datetime) -> str:
    drove = (one for one in assigned if one.start <= moment and (one.end is None or one.end > moment))
    return next((one.driver.name for one in drove), "")
