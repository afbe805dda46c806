"""Alarms become alert rows that stay open until a person acknowledges them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.utils.timezone import now

from tracking import live
from tracking.fixes import Fix, iso
from tracking.models import Alert, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User

    from tracking.models import Driver


def opened(vehicle: int, fix: Fix, *, received: int) -> int:
    """Open an alert for the alarm of a newly stored fix, or count it in the one that is open.

    Inside a transaction; returns the alert's id. The order of the fixes makes no difference.
    """
    known = Alert.objects.filter(vehicle=vehicle, kind=fix.alarm, status=Alert.Status.OPEN)
    earlier = known.filter(time__gt=fix.time)
    earlier.update(latitude=fix.latitude, longitude=fix.longitude)
    changed = known.update(
        count=F("count") + 1,
        time=Least("time", fix.time),
        last_time=Greatest("last_time", fix.time),
        received=Least("received", received),
    )
    if changed:
        return known.values_list("pk", flat=True).get()
    try:
        with transaction.atomic():
            return Alert.objects.create(
                vehicle_id=vehicle,
                kind=fix.alarm or "",
                time=fix.time,
                last_time=fix.time,
                received=received,
                latitude=fix.latitude,
                longitude=fix.longitude,
            ).pk
    except IntegrityError:  # another archiver opened it at this moment
        return opened(vehicle, fix, received=received)


def acknowledge(alert_id: int, *, user: "User", note: str = "") -> Alert | None:
    """Take an open alert; None when it was not open any more. Who and when are kept."""
    taken = Alert.objects.filter(pk=alert_id, status=Alert.Status.OPEN).update(
        status=Alert.Status.ACKNOWLEDGED,
        by=user,
        by_name=user.get_full_name() or user.get_username(),
        at=now(),
        note=note[:500],
    )
    return _announced(alert_id) if taken else None


def close(alert_id: int, *, user: "User", note: str = "") -> Alert | None:
    """Put an acknowledged alert away; None when it was not acknowledged, or closed already."""
    closed = Alert.objects.filter(pk=alert_id, status=Alert.Status.ACKNOWLEDGED).update(
        status=Alert.Status.CLOSED,
        closed_by=user,
        closed_by_name=user.get_full_name() or user.get_username(),
        closed_at=now(),
        closing_note=note[:500],
    )
    return _announced(alert_id) if closed else None


def _announced(alert_id: int) -> Alert:
    announce([alert_id])
    alert = Alert.objects.select_related("vehicle__fleet", "vehicle__driver").get(pk=alert_id)
    live.announce([live.acknowledged(alert.vehicle_id)])
    return alert


def drivers(found: "Iterable[Alert]") -> "dict[int, Driver]":
    """Who drove at the time of each alert: {alert id: driver}. One query for all."""
    found = list(found)
    runs = Assignment.objects.filter(vehicle__in={alert.vehicle_id for alert in found})
    of_vehicle: dict[int, list[Assignment]] = {}
    for run in runs.select_related("driver"):
        of_vehicle.setdefault(run.vehicle_id, []).append(run)
    drove = {}
    for alert in found:
        moment = datetime.fromtimestamp(alert.time / 1000, UTC)
        for run in of_vehicle.get(alert.vehicle_id, ()):
            if run.start <= moment and (run.end is None or moment < run.end):
                drove[alert.pk] = run.driver
    return drove


def serialize(alert: Alert) -> dict[str, Any]:
    """The `alert` frame of the browser socket."""
    vehicle = alert.vehicle
    driver = vehicle.driver
    return {
        "type": "alert",
        "id": alert.pk,
        "vehicle": vehicle.pk,
        "name": vehicle.name,
        "driver": driver.name if driver else "",
        "phone": driver.phone if driver else "",
        "fleet": vehicle.fleet.slug,
        "kind": alert.kind,
        "time": iso(alert.time),
        "last_time": iso(alert.last_time),
        "received": iso(alert.received),
        "status": alert.status,
        "count": alert.count,
        "latitude": alert.latitude,
        "longitude": alert.longitude,
        "by": alert.by_name or None,
        "at": None if alert.at is None else iso(int(alert.at.timestamp() * 1000)),
        "note": alert.note,
    }


def announce(ids: "Iterable[int]") -> None:
    """Show alerts as they now are to everybody who watches their fleets."""
    rows = Alert.objects.filter(pk__in=list(ids)).select_related("vehicle__fleet", "vehicle__driver")
    live.announce([live.frame(alert.vehicle.fleet_id, serialize(alert)) for alert in rows])
