"""Devices and what opens the door to them: added, moved, rotated, revoked, accepted.

Each change is a transaction; after its commit every process looks at once, so that an open socket
follows within 5 s, also where that hint is lost (tracking/ingest/roster.py).
"""

import contextlib
import logging
from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import redis
from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from tracking import contacts, fittings, journal, live, tokens
from tracking.fixes import MAX_AHEAD_MS, Clock, decode, now_ms
from tracking.models import Device, Fitting, Fleet, PendingDevice, Quarantined, Vehicle

log = logging.getLogger("fleetline.devices")

GRACE = timedelta(days=7)
MAX_PENDING = 1000  # in the inbox of a fleet
KNOCK_S = 10  # a device that waits is counted at most so often
PENDING = "pending"
REPLAY_AT_ONCE = 500
STRAGGLERS_S = 15


class Refused(Exception):
    """It cannot be done; the message says why, in words for people."""


def tell(fleets: Iterable[int] = ()) -> None:
    """After the commit: have every process look again, and the pages of these fleets be refreshed."""
    events = [live.look(), *(live.refresh(fleet) for fleet in set(fleets))]
    transaction.on_commit(lambda: live.announce(events))


def _locked(device: Device) -> Device:
    return Device.objects.select_for_update(of=("self",)).select_related("vehicle__fleet").get(pk=device.pk)


# --- adding and removing ---------------------------------------------------------------------


@transaction.atomic
def add(vehicle: Vehicle, uid: str) -> Device:
    """Put a new device into a vehicle; the first one there is its primary. Refused: the uid is taken.

    If it waits in the inbox of the vehicle's fleet, what it has reported is stored there.
    """
    uid = uid.strip()
    if not uid or len(uid) > tokens.MAX_WORD_CHARS or "\0" in uid:
        raise Refused(_("A device's id has 1 to %(most)d characters.") % {"most": tokens.MAX_WORD_CHARS})
    if Device.objects.filter(uid=uid).exists():
        raise Refused(_("There is a device %(uid)s already.") % {"uid": uid})
    alone = not vehicle.devices.filter(primary=True).exists()
    device = Device.objects.create(uid=uid, vehicle=vehicle, primary=alone)
    for number in PendingDevice.objects.filter(uid=uid, fleet=vehicle.fleet_id).values_list("pk", flat=True):
        _claim(number, device)
        transaction.on_commit(partial(_replay_now, number, device.pk))
    PendingDevice.objects.filter(uid=uid, fleet=vehicle.fleet_id).delete()
    tell([vehicle.fleet_id])
    return device


@transaction.atomic
def register(uid: str, *, fleet: str, name: str = "") -> Device:
    """Return the device `uid`; make its fleet, vehicle and itself when they are missing."""
    found = Device.objects.select_related("vehicle__fleet").filter(uid=uid).first()
    if found:
        return found
    owner, _made = Fleet.objects.get_or_create(
        slug=fleet, defaults={"name": fleet.replace("-", " ").title()[:100]}
    )
    vehicle = Vehicle.objects.create(fleet=owner, name=name or uid)
    log.info("registered device %s in fleet %s", uid, fleet)
    return add(vehicle, uid)


@transaction.atomic
def remove(device: Device) -> None:
    """Take a device away; what it reported stays with its vehicles."""
    device = _locked(device)
    vehicle, former = device.vehicle, copy(device)
    device.delete()

    def forget() -> None:
        with contextlib.suppress(redis.RedisError, OSError):
            contacts.forget(former)

    transaction.on_commit(forget)
    _promote(vehicle)
    tell([vehicle.fleet_id])


# --- credentials -----------------------------------------------------------------------------


def issue(device: Device, *, ttl: int = tokens.DEFAULT_TTL_S) -> str:
    """Return a token of the device's present generation, valid for `ttl` seconds."""
    device.token_expires = now() + timedelta(seconds=min(ttl, 100 * 365 * 86_400))
    device.save(update_fields=["token_expires"])
    return tokens.issue(
        uid=device.uid,
        fleet=device.vehicle.fleet.slug,
        nickname=device.vehicle.name,
        ttl=ttl,
        generation=device.generation,
    )


def renewed(device: int, *, expires: float) -> None:
    """Note that a device was given a token that ends then (s since the epoch)."""
    Device.objects.filter(pk=device).update(token_expires=datetime.fromtimestamp(expires, UTC))


@transaction.atomic
def rotate(device: Device, *, grace: timedelta = GRACE, ttl: int = tokens.DEFAULT_TTL_S) -> str:
    """Return a new token; those before it are refused after `grace`, those before these at once."""
    device = _locked(device)
    device.generation += 1
    device.grace_until = now() + grace if grace > timedelta(0) else None
    device.save(update_fields=["generation", "grace_until"])
    tell()
    return issue(device, ttl=ttl)


@transaction.atomic
def revoke(device: Device) -> None:
    """From now on nothing opens the door that was issued before: tokens and keys."""
    Device.objects.filter(pk=device.pk).update(
        generation=F("generation") + 1, grace_until=None, token_expires=None
    )
    device.keys.all().delete()
    tell()


@transaction.atomic
def disable(device: Device) -> None:
    """Keep a device out, and cut it off, until it is enabled; its credentials stay."""
    Device.objects.filter(pk=device.pk).update(disabled=True)
    tell()


@transaction.atomic
def enable(device: Device) -> None:
    Device.objects.filter(pk=device.pk).update(disabled=False)
    tell()


@transaction.atomic
def suspend(fleet: Fleet) -> None:
    """Keep a fleet's devices and members out, and cut them off, until it is resumed."""
    Fleet.objects.filter(pk=fleet.pk).update(suspended=True)
    tell([fleet.pk])


@transaction.atomic
def resume(fleet: Fleet) -> None:
    Fleet.objects.filter(pk=fleet.pk).update(suspended=False)
    tell([fleet.pk])


# --- which vehicle, which one counts ---------------------------------------------------------


@transaction.atomic
def move(device: Device, vehicle: Vehicle, *, at: datetime | None = None) -> None:
    """A device is in another vehicle since `at` (default: now).

    Fixes from before follow the old vehicle, however late they come; fixes from after that are stored
    already are put into the new one. Refused: `at` is ahead, or before its last move.
    """
    fittings.alone()
    device = _locked(device)
    old = device.vehicle
    start = now_ms() if at is None else int(at.timestamp() * 1000)
    if start > now_ms() + MAX_AHEAD_MS:
        raise Refused(_("A device cannot be moved in the future."))
    last = device.fittings.order_by("-start").first()
    if last is None:
        Fitting.objects.create(device=device, vehicle=old, start=0)
    elif start <= last.start:
        raise Refused(_("It was moved after that already."))
    if vehicle.pk == old.pk:
        return
    Fitting.objects.create(device=device, vehicle=vehicle, start=start)
    device.vehicle, device.primary = vehicle, not vehicle.devices.filter(primary=True).exists()
    device.save(update_fields=["vehicle", "primary"])
    _promote(old)
    touched = fittings.rehome(device) | {old.pk, vehicle.pk}
    _forget_live(touched)
    tell(Vehicle.objects.filter(pk__in=touched).values_list("fleet_id", flat=True))


@transaction.atomic
def make_primary(device: Device) -> None:
    """This device moves the vehicle's marker from now on, the others only while it is silent."""
    device = _locked(device)
    device.vehicle.devices.exclude(pk=device.pk).update(primary=False)
    Device.objects.filter(pk=device.pk).update(primary=True)
    _forget_live([device.vehicle_id])
    tell([device.vehicle.fleet_id])


def _promote(vehicle: Vehicle) -> None:
    """A vehicle that has devices has a primary one."""
    first = vehicle.devices.order_by("pk").first()
    if first is not None and not vehicle.devices.filter(primary=True).exists():
        Device.objects.filter(pk=first.pk).update(primary=True)
        _forget_live([vehicle.pk])


def _forget_live(vehicles: Iterable[int]) -> None:
    """Their live state is of another device: until the next fix the database knows better."""
    fleets: dict[int, list[int]] = {}
    for pk, fleet in Vehicle.objects.filter(pk__in=list(vehicles)).values_list("pk", "fleet_id"):
        fleets.setdefault(fleet, []).append(pk)

    def forget() -> None:
        try:
            for fleet, mine in fleets.items():
                live.forget(fleet, mine)
        except (redis.RedisError, OSError) as error:
            log.warning("live state of vehicles %s not taken away: %s", fleets, error)

    transaction.on_commit(forget)


# --- the inbox: AUTO_REGISTER=pending --------------------------------------------------------


def knock(uid: str, *, fleet: str, nickname: str = "") -> PendingDevice | str:
    """Note that an unknown device with a valid credential of the fleet came; else why it cannot wait there.

    Reasons: `unknown_fleet`, `suspended`, `inbox_full`, `waits_elsewhere` (as in tracking.contacts).
    """
    moment = now()
    found = PendingDevice.objects.select_related("fleet").filter(uid=uid).first()
    if found is None:
        owner = Fleet.objects.filter(slug=fleet).first()
        if owner is None:
            return "unknown_fleet"
        if owner.suspended:
            return "suspended"
        if owner.pending_devices.count() >= MAX_PENDING:
            return "inbox_full"
        found, made = PendingDevice.objects.get_or_create(
            uid=uid,
            defaults={
                "fleet": owner,
                "nickname": nickname[:100],
                "first_seen": moment,
                "last_seen": moment,
                "contacts": 1,
            },
        )
        if made:
            return found
    if found.fleet.slug != fleet:
        return "waits_elsewhere"
    if found.fleet.suspended:
        return "suspended"
    PendingDevice.objects.filter(pk=found.pk, last_seen__lt=moment - timedelta(seconds=KNOCK_S)).update(
        last_seen=moment, contacts=F("contacts") + 1, nickname=nickname[:100] or found.nickname
    )
    return found


def waiting(pending: Iterable[int]) -> set[int]:
    """Those of the pending devices that still wait."""
    return set(PendingDevice.objects.filter(pk__in=list(pending)).values_list("pk", flat=True))


@transaction.atomic
def accept(pending: PendingDevice, vehicle: Vehicle) -> Device:
    """Make a pending device one of a vehicle of its fleet; what it has reported is stored there.

    Refused: it is of another fleet, or somebody else was quicker.
    """
    if vehicle.fleet_id != pending.fleet_id:
        raise Refused(_("It is a device of another fleet."))
    if not PendingDevice.objects.select_for_update().filter(pk=pending.pk).exists():
        raise Refused(_("It is not in the inbox any more."))
    return add(vehicle, pending.uid)


@transaction.atomic
def dismiss(pending: PendingDevice) -> None:
    """Take a device out of the inbox, with what it has reported; it is cut off and may knock again."""
    number = pending.pk
    PendingDevice.objects.filter(pk=number).delete()
    Quarantined.objects.filter(pending=number).delete()
    tell()


def _claim(pending: int, device: Device) -> None:
    """What waited for the device is its own now: until it is stored nobody takes it away."""
    Quarantined.objects.filter(pending=pending, code=PENDING).update(
        device=device, vehicle=device.vehicle_id, pending=None
    )


def _replay_now(pending: int, device: int) -> None:
    """Store what has waited; a moment later, what was on its way meanwhile."""
    try:
        replay(device)
        current_app.send_task(
            "tracking.tasks.replay", args=[pending, device], queue="jobs", countdown=STRAGGLERS_S
        )
    except (redis.RedisError, OSError, OperationalError) as error:
        log.warning("positions of device %d wait for the next housekeeping: %s", device, error)


def replay_stragglers(pending: int, device: int) -> int:
    """Store what a device said as a pending one and what reached the database after it was accepted."""
    found = Device.objects.filter(pk=device).first()
    if found is None:
        return 0
    _claim(pending, found)
    return replay(device)


def replay(device: int | None = None) -> int:
    """Put positions that waited for an accepted device into the journal; return how many.

    A row goes only after the journal has it: interrupted, it is done again, and the same fix twice is one.
    """
    rows = Quarantined.objects.filter(code=PENDING, device__isnull=False, pending=None)
    if device is not None:
        rows = rows.filter(device=device)
    count = 0
    with journal.connect() as client:
        while batch := list(rows.order_by("received")[:REPLAY_AT_ONCE]):
            pipe: Any = client.pipeline(transaction=False)
            journal.append(pipe, (entry for row in batch for entry in _entries(row)))
            if journal.FULL in pipe.execute():
                raise OSError("the journal is full")
            Quarantined.objects.filter(pk__in=[row.pk for row in batch]).delete()
            count += len(batch)
    return count


def _entries(row: Quarantined) -> Iterable[journal.Entry]:
    batch = decode(row.raw, clock=Clock(), received=row.received)
    if hasattr(batch, "fixes") and row.vehicle_id and row.device_id:
        yield journal.Fixes(row.vehicle_id, row.device_id, row.received, batch.fixes)
