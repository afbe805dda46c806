"""Taking vehicles and fleets away, with all that is theirs.

Archive tables have no foreign keys (docs/DESIGN.md): whoever removes a vehicle must see to its records.
The vehicle goes at once, with its devices, and so nothing new of it is taken; its records follow in
batches, by `sweep`, which finds them by what they belong to: the next one finishes what was interrupted.
"""

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from django.db import models, transaction
from django.db.models import Exists, OuterRef

from tracking import journal, live, presence
from tracking.fixes import now_ms
from tracking.history import segments
from tracking.models import (
    Alert,
    Broadcast,
    Device,
    Fleet,
    Import,
    Latest,
    Message,
    PendingDevice,
    Position,
    Quarantined,
    Repeat,
    Segment,
    Vehicle,
)

log = logging.getLogger("fleetline.removal")

BATCH = 5000
REST_S = 0.02  # between two batches: others write too
COUNT_UP_TO = 100_000
DAY_MS = 86_400_000
IDS = 900  # what SQLite takes in one statement
# What belongs to a vehicle without a foreign key.
# `Latest` last: whoever has positions has one, and so they are found again after an interruption.
RECORDS: tuple[type[models.Model], ...] = (
    Position, Alert, Message, Quarantined, Repeat, Segment, Import, Latest,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """What goes with some vehicles. Positions are counted up to COUNT_UP_TO."""

    vehicles: int
    devices: int
    positions: int
    messages: int
    alerts: int

    @property
    def more_positions(self) -> bool:
        return self.positions >= COUNT_UP_TO


def count(vehicles: Sequence[int]) -> Counts:
    def of(model: type[models.Model]) -> int:
        return sum(model._default_manager.filter(vehicle__in=part).count() for part in _parts(vehicles))

    positions = 0
    for part in _parts(vehicles):
        room = COUNT_UP_TO - positions
        positions += Position.objects.filter(vehicle__in=part).order_by()[:room].count() if room else 0
    return Counts(len(vehicles), of(Device), positions, of(Message), of(Alert))


def remove_vehicles(vehicles: Iterable[int]) -> int:
    """Remove vehicles and their devices; `sweep` removes their records. Return how many there were.

    Open sockets of the devices end within 5 s; what was still under way goes to quarantine and from there.
    """
    fleets: dict[int, list[int]] = {}
    devices: list[int] = []
    with transaction.atomic():
        for part in _parts(sorted(vehicles)):
            for pk, fleet in Vehicle.objects.filter(pk__in=part).values_list("pk", "fleet_id"):
                fleets.setdefault(fleet, []).append(pk)
            devices += Device.objects.filter(vehicle__in=part).values_list("pk", flat=True)
            Vehicle.objects.filter(pk__in=part).delete()
    with contextlib.suppress(redis.RedisError, OSError):  # a stopped Redis holds nobody back
        forget(fleets, devices)
        live.announce([live.look()])
    return sum(map(len, fleets.values()))


def remove_fleet(fleet: Fleet) -> int:
    """Remove a fleet, its vehicles, drivers, memberships and keys; `sweep` removes the records."""
    pk = fleet.pk
    removed = remove_vehicles(Vehicle.objects.filter(fleet=pk).values_list("pk", flat=True))
    fleet.delete()
    with contextlib.suppress(redis.RedisError, OSError):
        live.announce([live.refresh(pk), live.look()])
    return removed


def forget(fleets: Mapping[int, Iterable[int]], devices: Iterable[int]) -> None:
    """Take what Redis knows of these devices and vehicles (by fleet) away, and tell the pages."""
    for part in _parts(list(devices)):
        presence.forget(devices=part)
    for fleet, vehicles in fleets.items():
        live.forget(fleet, vehicles)
    live.announce([live.refresh(fleet) for fleet in fleets])


def sweep(*, seconds: float | None = None) -> bool:
    """Remove the records of vehicles that are gone; False when `seconds` ended before it did."""
    until = None if seconds is None else time.monotonic() + seconds
    removed = 0
    for vehicle in sorted(_gone()):
        removed += sum(remove_records(model, vehicle) for model in RECORDS)
        if until is not None and time.monotonic() > until:
            return False
    # What came while its device was being accepted is still claimed (tracking/devices.py): not that.
    waiting = Quarantined.objects.filter(
        ~Exists(PendingDevice.objects.filter(pk=OuterRef("pending"))),
        pending__isnull=False,
        received__lt=now_ms() - DAY_MS,
    )
    removed += waiting.delete()[0]
    removed += Broadcast.objects.filter(~Exists(Message.objects.filter(broadcast=OuterRef("pk")))).delete()[0]
    _forget_strays()
    if removed:
        log.info("removed %d records of vehicles that are gone", removed)
    return True


def remove_records(model: type[models.Model], vehicle: int, **narrowed: Any) -> int:
    """Remove the vehicle's rows of one table, narrowed by lookups; return how many there were.

    Positions go in batches, a transaction each: a track is one range of the key, and each batch
    is the oldest part of what is left.
    """
    rows = model._default_manager.filter(vehicle=vehicle, **narrowed)
    if model is not Position:
        return rows.delete()[0]
    removed = 0
    times = rows.order_by("time").values_list("time", flat=True)[BATCH : BATCH + 1]
    while (end := times.all().first()) is not None:
        removed += _remove_positions(vehicle, rows.filter(time__lt=end))
        time.sleep(REST_S)
    return removed + _remove_positions(vehicle, rows)


@transaction.atomic
def _remove_positions(vehicle: int, rows: models.QuerySet[Any]) -> int:
    segments.alone([vehicle])
    span = rows.aggregate(first=models.Min("time"), last=models.Max("time"))
    removed = rows.delete()[0]
    if removed:
        segments.recount(vehicle, span["first"], span["last"] + 1)
    return removed


def _gone() -> set[int]:
    """Ids of vehicles that have records and are no more."""
    gone: set[int] = set()
    for model in RECORDS:
        if model is not Position:  # by far the longest table; `Latest` knows as much
            rows = model._default_manager.filter(
                ~Exists(Vehicle.objects.filter(pk=OuterRef("vehicle"))), vehicle__isnull=False
            )
            gone.update(rows.order_by().values_list("vehicle_id", flat=True).distinct())
    return gone


def _forget_strays() -> None:
    """Live positions that were under way when their vehicle went."""
    with contextlib.suppress(redis.RedisError, OSError), journal.connect() as client:
        for fleet in Fleet.objects.values_list("pk", flat=True):
            shown = {int(vehicle) for vehicle in client.hkeys(f"live:{{{fleet}}}")}
            strays = shown - set(Vehicle.objects.filter(fleet=fleet).values_list("pk", flat=True))
            if strays:
                live.forget(fleet, strays)


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS):
        yield ids[start : start + IDS]
