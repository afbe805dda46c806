"""One text to many vehicles: a message each, and a board that shows who has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import shapely
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from tracking import database, geo, live
from tracking.history.latest import choose
from tracking.history.tracks import FIELDS, Row
from tracking.messages import Refused, name_of
from tracking.messages.desk import Fleets
from tracking.messages.wire import of_broadcasts
from tracking.messages.writing import AGAIN, checked, deadline, insert, repetition, ulid
from tracking.models import Broadcast, Device, Latest, Message, Vehicle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_VEHICLES = 5000
MAX_CORNERS = 1000
RECENT = 50
Status = Message.Status


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a broadcast has come. `sent`, `delivered` and `read` include what went further.

    `open` may still arrive; `missing` failed, expired or was cancelled.
    """

    total: int
    sent: int
    delivered: int
    read: int
    open: int
    missing: int


@dataclass(frozen=True, slots=True)
class Board:
    """`rows`: the newest message to each vehicle, those who have not got or read it first."""

    counts: Counts
    rows: list[Message]


def send(
    vehicles: Iterable[Vehicle],
    *,
    author: "User | None",
    text: str,
    replies: Sequence[str] = (),
    client_id: str | None = None,
    target: Mapping[str, Any] | None = None,
    expires: timedelta | None = None,
) -> Broadcast:
    """Write to each vehicle, in one transaction. The same author's `client_id` twice is one broadcast.

    `target` is how they were chosen, for the reader (see the model). Raise Refused for nobody or too many.
    """
    text = checked(text, replies)
    until = deadline(expires)
    to = {vehicle.pk: vehicle for vehicle in vehicles}
    if not to:
        raise Refused("nobody", _("There is no vehicle to write to."))
    if len(to) > MAX_VEHICLES:
        raise Refused("too_many_vehicles", _("At most %(most)d vehicles at once.") % {"most": MAX_VEHICLES})
    about = {
        "text": text,
        "replies": list(replies),
        "author": author,
        "author_name": name_of(author),
    }
    try:
        with transaction.atomic():
            broadcast = Broadcast.objects.create(
                id=ulid(), target=dict(target or {}), client_id=client_id or None, created=now(), **about
            )
            content = {**about, "broadcast": broadcast, "expires": until}
            written = insert(to, lambda _vehicle: content)
    except IntegrityError:
        return Broadcast.objects.get(author=author, client_id=client_id or "")
    _announce(written, to)
    return broadcast


def resend_missing(
    broadcast: Broadcast, *, by: "User | None", unread: bool = False, fleets: Fleets | None = None
) -> list[Message]:
    """Write again to those whom it did not reach; with `unread` also to those who got it and did not read.

    What is still under way is not doubled, and nothing is said again twice.
    """
    wanted = {*AGAIN, Status.DELIVERED} if unread else set(AGAIN)
    try:
        with transaction.atomic():
            old = {m.vehicle_id: m for m in _newest(broadcast, fleets) if m.status in wanted}
            vehicles = {message.vehicle_id: message.vehicle for message in old.values()}
            written = insert(old, lambda vehicle: repetition(old[vehicle], by=by))
    except IntegrityError:  # somebody else said one of them again at this moment
        return resend_missing(broadcast, by=by, unread=unread, fleets=fleets)
    _announce(written, vehicles)
    return written


def _announce(written: Sequence[Message], vehicles: Mapping[int, Vehicle]) -> None:
    """One hint to the devices' processes, one frame to each fleet."""
    for message in written:
        message.vehicle = vehicles[message.vehicle_id]
    shown = of_broadcasts((message, Status.QUEUED) for message in written)
    live.announce([live.outbox(*(message.vehicle_id for message in written)), *shown])


# --- the board ---------------------------------------------------------------------------------


def board(broadcast: Broadcast, *, fleets: Fleets | None = None) -> Board:
    """Who has it and who has not, of these fleets or of all."""
    rows = _newest(broadcast, fleets)
    rows.sort(key=lambda message: (_progress(message), message.vehicle.name))
    return Board(_counted(message.status for message in rows), rows)


def recent(fleets: Fleets, *, most: int = RECENT) -> list[tuple[Broadcast, Counts]]:
    """The newest broadcasts to vehicles of these fleets, with their counts there."""
    mine = Message.objects.filter(broadcast__isnull=False, vehicle__fleet__in=fleets).order_by()
    theirs = mine.filter(broadcast=OuterRef("pk"))
    found = list(Broadcast.objects.filter(Exists(theirs)).order_by("-created")[:most])
    ids = [broadcast.pk for broadcast in found]
    statuses: dict[str, list[int]] = {pk: [] for pk in ids}
    # A message that was said again counts by its repetition.
    again = Message.objects.filter(broadcast__in=ids, resends__isnull=False).values("resends")
    rows = mine.filter(broadcast__in=ids).exclude(pk__in=again)
    for pk, status, count in rows.values_list("broadcast_id", "status").annotate(Count("pk")):
        statuses[pk] += [status] * count
    return [(broadcast, _counted(statuses[broadcast.pk])) for broadcast in found]


def _newest(broadcast: Broadcast, fleets: Fleets | None) -> list[Message]:
    """The newest message to each vehicle, with its vehicle; two plain reads, no join of thousands."""
    rows = sorted(Message.objects.filter(broadcast=broadcast.pk).order_by(), key=lambda m: m.number)
    newest = {message.vehicle_id: message for message in rows}
    vehicles = Vehicle.objects.select_related("fleet", "driver")
    if fleets is not None:
        vehicles = vehicles.filter(fleet__in=fleets)
    found: list[Message] = []
    for part in database.parts(list(newest)):
        for vehicle in vehicles.filter(pk__in=part):
            message = newest[vehicle.pk]
            message.vehicle = vehicle
            found.append(message)
    return found


def _progress(message: Message) -> int:
    return -1 if message.status in AGAIN else message.status


def _counted(statuses: Iterable[int]) -> Counts:
    found = list(statuses)
    missing = sum(status in AGAIN for status in found)
    queued, sent, delivered, read = (
        found.count(status) for status in (Status.QUEUED, Status.SENT, Status.DELIVERED, Status.READ)
    )
    return Counts(
        total=len(found),
        sent=sent + delivered + read,
        delivered=delivered + read,
        read=read,
        open=queued + sent,
        missing=missing,
    )


# --- to whom -----------------------------------------------------------------------------------


def inside(vehicles: QuerySet[Vehicle], area: Mapping[str, Any]) -> list[Vehicle]:
    """Those whose latest position lies in the area, a GeoJSON Polygon or MultiPolygon."""
    drawn = _area(area)
    places = _places(vehicles)
    points = {pk: longitude for pk, (_, longitude) in places.items()}
    found = []
    for turn in (0, 360, -360):  # an area across the 180th meridian goes on past it
        ids = list(points)
        hits = shapely.contains_xy(drawn, [points[pk] + turn for pk in ids], [places[pk][0] for pk in ids])
        found += [pk for pk, hit in zip(ids, hits, strict=True) if hit]
    return list(vehicles.filter(pk__in=set(found)))


def nearest(vehicles: QuerySet[Vehicle], *, latitude: float, longitude: float, count: int) -> list[Vehicle]:
    """The `count` vehicles whose latest positions are nearest to the place, nearest first."""
    away = {pk: geo.metres(latitude, longitude, *place) for pk, place in _places(vehicles).items()}
    ids = sorted(away, key=away.__getitem__)[:count]
    found = vehicles.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _area(area: Mapping[str, Any]) -> BaseGeometry:
    try:
        drawn = shape(dict(area))
    except (shapely.errors.ShapelyError, KeyError, IndexError, TypeError, ValueError, AttributeError):
        drawn = None
    if drawn is None or drawn.geom_type not in ("Polygon", "MultiPolygon") or drawn.is_empty:
        raise Refused("invalid_area", _("Draw an area first."))
    if shapely.get_num_coordinates(drawn) > MAX_CORNERS:
        raise Refused("invalid_area", _("At most %(most)d corners.") % {"most": MAX_CORNERS})
    drawn = shapely.make_valid(drawn)
    shapely.prepare(drawn)
    return drawn


def _places(vehicles: QuerySet[Vehicle]) -> dict[int, tuple[float, float]]:
    """Where each vehicle was last, (latitude, longitude); those that never reported are left out."""
    wanted = vehicles.order_by().values("pk")
    primary = set(Device.objects.filter(vehicle__in=wanted, primary=True).values_list("pk", flat=True))
    found: dict[int, list[Row]] = {}
    rows = Latest.objects.filter(vehicle__in=wanted)
    for *row, vehicle in rows.values_list(*FIELDS, "device_id", "vehicle_id"):
        found.setdefault(vehicle, []).append(tuple(row))
    places = {}
    for vehicle, mine in found.items():
        _time, latitude, longitude, *_ = choose(mine, primary)
        places[vehicle] = (latitude, longitude)
    return places
