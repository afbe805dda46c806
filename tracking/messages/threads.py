"""The conversations of a desk: which there are, what nobody has looked at, and finding what was said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet
from django.utils.timezone import now

from tracking import live
from tracking.messages.wire import iso
from tracking.messages.writing import name_of
from tracking.models import Fleet, Message, Vehicle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

THREADS = 200
FOUND = 50
Kind = Message.Kind
# The condition of the index `message_unread`.
UNREAD = Q(kind__in=[Kind.REPLY, Kind.SAY], opened=None)
Fleets = Iterable[int] | Iterable[Fleet] | QuerySet[Fleet]


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation with a vehicle, by what was said last in it."""

    vehicle: Vehicle
    last: Message
    unread: int

    @property
    def at(self) -> datetime:
        return self.last.created


def unread(fleets: Fleets) -> dict[int, int]:
    """What drivers said and no dispatcher has opened: {vehicle id: how many}."""
    rows = Message.objects.filter(UNREAD, vehicle__fleet__in=fleets).order_by()
    return dict(rows.values_list("vehicle_id").annotate(Count("pk")))


def open_replies(vehicle: Vehicle, *, by: "User") -> int:
    """A dispatcher looks at the thread: what the driver said is no longer unread. Return how much was."""
    moment, name = now(), name_of(by)
    rows = Message.objects.filter(UNREAD, vehicle=vehicle.pk)
    opened = rows.update(opened=moment, opened_by_name=name)
    if opened:
        frame = {"type": "opened", "vehicle": vehicle.pk, "by": name, "at": iso(moment), "unread": 0}
        live.announce([live.frame(vehicle.fleet_id, frame)])
    return opened


def threads(
    fleets: Fleets, *, unread_only: bool = False, search: str = "", most: int = THREADS
) -> list[Thread]:
    """The fleets' conversations, the one with the newest message first.

    `search` narrows them to vehicles whose name, plate or driver holds it; `search()` looks into texts.
    """
    counts = unread(fleets)
    rows = Message.objects.filter(vehicle__fleet__in=fleets, number=F("vehicle__last_message"))
    if unread_only:
        rows = rows.filter(vehicle__in=list(counts))
    if search.strip():
        rows = rows.filter(_named(search.strip()))
    newest = rows.order_by("-created", "-pk").select_related("vehicle__fleet", "vehicle__driver")[:most]
    return [Thread(message.vehicle, message, counts.get(message.vehicle_id, 0)) for message in newest]


def _named(words: str) -> Q:
    return (
        Q(vehicle__name__icontains=words)
        | Q(vehicle__plate__icontains=words)
        | Q(vehicle__driver__name__icontains=words)
    )


def search(fleets: Fleets, words: str, *, most: int = FOUND) -> list[Message]:
    """What was said that holds the words, or by or to whom they name, newest first."""
    words = words.strip()
    if not words:
        return []
    said = Message.objects.filter(vehicle__fleet__in=fleets).exclude(kind=Kind.COMMAND)
    found = said.filter(Q(text__icontains=words) | Q(author_name__icontains=words) | _named(words))
    return list(found.order_by("-created", "-pk").select_related("vehicle__fleet", "vehicle__driver")[:most])
