"""Vehicles come into a fleet, one or thousands, and go over to another."""

import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import redis
from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import now

from tracking import devices, drivers, live
from tracking.models import Assignment, Colour, Device, Driver, Fleet, Icon, PendingDevice, Vehicle

MAX_UID = 64
BATCH = 500


@dataclass(frozen=True, slots=True)
class New:
    """A vehicle to be added; its driver by name, its device by uid (both may be empty)."""

    name: str
    plate: str = ""
    tags: Sequence[str] = ()
    driver: str = ""
    phone: str = ""
    uid: str = ""
    icon: str = Icon.ARROW
    colour: str = Colour.NONE


def new_uid(name: str) -> str:
    """A device id that nobody has yet, and in which its vehicle can be recognised: van-7-3f9a2c."""
    return f"{slugify(name)[: MAX_UID - 7] or 'device'}-{secrets.token_hex(3)}"


@transaction.atomic
def add(fleet: Fleet, rows: Sequence[New]) -> list[Vehicle]:
    """Add vehicles with their drivers and a device each; a driver is taken by name, or made.

    The caller has seen to it that the uids are free (django.db.IntegrityError otherwise) and
    that no driver is named twice or drives already: that one would drive two vehicles.
    """
    known = {driver.name: driver for driver in Driver.objects.filter(fleet=fleet)}
    people = {row.driver: Driver(fleet=fleet, name=row.driver, phone=row.phone) for row in rows if row.driver}
    made = Driver.objects.bulk_create(
        [driver for name, driver in people.items() if name not in known], batch_size=BATCH
    )
    known |= {driver.name: driver for driver in made}
    vehicles = Vehicle.objects.bulk_create(
        [
            Vehicle(
                fleet=fleet, name=row.name, plate=row.plate, tags=list(row.tags), icon=row.icon,
                colour=row.colour, driver=known.get(row.driver),
            )
            for row in rows
        ],
        batch_size=BATCH,
    )  # fmt: skip
    _fit(fleet, {row.uid or new_uid(row.name): v for v, row in zip(vehicles, rows, strict=True)})
    start = now()
    Assignment.objects.bulk_create(
        [Assignment(vehicle=v, driver=v.driver, start=start) for v in vehicles if v.driver], batch_size=BATCH
    )
    changed(fleet.pk)
    return vehicles


def _fit(fleet: Fleet, vehicles: Mapping[str, Vehicle]) -> None:
    """A device each, by uid; one that waits in the inbox is accepted, with what it has reported."""
    waiting = {
        pending.uid: pending
        for pending in PendingDevice.objects.filter(fleet=fleet)
        if pending.uid in vehicles
    }
    fresh = [Device(vehicle=vehicle, uid=uid) for uid, vehicle in vehicles.items() if uid not in waiting]
    Device.objects.bulk_create(fresh, batch_size=BATCH)
    for uid, pending in waiting.items():
        devices.accept(pending, vehicles[uid])


@transaction.atomic
def move(vehicles: Iterable[Vehicle], fleets: Mapping[int, Fleet]) -> int:
    """Move vehicles to other fleets, {vehicle id: its fleet}, with their history; return how many went.

    Their drivers stay behind, and tokens of their devices, which name the old fleet, end within 5 s.
    """
    left: dict[int, list[int]] = {}
    for vehicle in vehicles:
        fleet = fleets[vehicle.pk]
        if vehicle.fleet_id == fleet.pk:
            continue
        if vehicle.driver_id:
            drivers.assign(vehicle, None, at=now())
        left.setdefault(vehicle.fleet_id, []).append(vehicle.pk)
        Vehicle.objects.filter(pk=vehicle.pk).update(fleet=fleet)
    transaction.on_commit(lambda: _moved(left, {fleet.pk for fleet in fleets.values()}))
    return sum(map(len, left.values()))


def _moved(left: Mapping[int, Sequence[int]], joined: set[int]) -> None:
    with contextlib.suppress(redis.RedisError, OSError):
        for fleet, vehicles in left.items():
            live.forget(fleet, vehicles)
        live.announce([live.refresh(fleet) for fleet in {*left, *joined}] + [live.look()])


def changed(*fleets: int) -> None:
    """Have the pages read these fleets' vehicles anew, once this transaction is committed."""
    transaction.on_commit(lambda: live.announce([live.refresh(fleet) for fleet in set(fleets)]))
