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
# Vehicles by name whose messages a search shows.
NAMED = 20
Kind = Message.Kind
# What came from a device and nobody has opened: the condition of the index `message_unread`.
UNREAD = Q(device__isnull=False, opened=None)
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


def _named(words: str, vehicle: str = "vehicle__") -> Q:
    """The vehicle's name, plate or driver holds the words."""
    fields = ("name", "plate", "driver__name")
    return Q(*((f"{vehicle}{field}__icontains", words) for field in fields), _connector=Q.OR)


def search(fleets: Fleets, words: str, *, most: int = FOUND) -> list[Message]:
    """What was said that holds the words, or by or to whom they name, newest first.

    Texts are read from the newest back until there are enough: at once for a word that is used, the whole
    table for one that is not (docs/DESIGN.md).
    """
    words = words.strip()
    if not words:
        return []
    mine = Vehicle.objects.filter(fleet__in=fleets)
    said = Message.objects.exclude(kind=Kind.COMMAND)
    # `+ 0`: neither database shall take the index of the vehicles, and sort all that it finds.
    texts = said.annotate(of=F("vehicle_id") + 0).filter(
        Q(text__icontains=words) | Q(author_name__icontains=words), of__in=mine.values("pk")
    )
    found = set(texts.order_by("-created", "-pk").values_list("pk", flat=True)[:most])
    for vehicle in mine.filter(_named(words, "")).order_by("-last_message")[:NAMED]:
        found.update(said.filter(vehicle=vehicle).order_by("-number").values_list("pk", flat=True)[:most])
    rows = Message.objects.filter(pk__in=found).select_related("vehicle__fleet", "vehicle__driver")
    return sorted(rows, key=lambda message: (message.created, message.pk), reverse=True)[:most]
