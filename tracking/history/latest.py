"""Where the vehicles of a fleet are, as far as the database knows."""

from collections.abc import Iterable
from typing import TypeAlias

from django.db.models import F

from tracking.history.tracks import FIELDS, Row
from tracking.models import Device, Latest, Vehicle

# Another device shows the vehicle only when it has been heard this much later than the primary one.
PRIMARY_SILENT_MS = 120_000
# A device's newest row, and whether the device is a primary one.
Candidate: TypeAlias = tuple[Row, bool]


def choose(candidates: Iterable[Candidate]) -> Row:
    """The row that shows a vehicle, of the newest rows of its devices (at least one). Pure."""
    newest: Row | None = None
    primary: Row | None = None
    for row, is_primary in candidates:
        if newest is None or row[0] > newest[0]:
            newest = row
        if is_primary and (primary is None or row[0] > primary[0]):
            primary = row
    assert newest is not None  # noqa: S101 (at least one)
    return primary if primary is not None and newest[0] - primary[0] <= PRIMARY_SILENT_MS else newest


def latest(fleet_id: int) -> dict[int, Row]:
    """The newest row of each vehicle that has one, by vehicle id."""
    found: dict[int, list[Candidate]] = {}
    rows = Latest.objects.filter(vehicle__fleet_id=fleet_id).annotate(main=F("device__primary"))
    for vehicle_id, main, *row in rows.values_list("vehicle_id", "main", *FIELDS, "device_id"):
        found.setdefault(vehicle_id, []).append((tuple(row), bool(main)))
    return {vehicle_id: choose(candidates) for vehicle_id, candidates in found.items()}


def vehicles(fleet_id: int) -> dict[int, tuple[str, str]]:
    """Name and uid of each vehicle, the uid of its primary device; "" when it has none."""
    uids: dict[int, str] = {}
    devices = Device.objects.filter(vehicle__fleet_id=fleet_id).order_by("-primary", "uid")
    for vehicle_id, uid in devices.values_list("vehicle_id", "uid"):
        uids.setdefault(vehicle_id, uid)
    named = Vehicle.objects.filter(fleet_id=fleet_id).values_list("pk", "name")
    return {pk: (name, uids.get(pk, "")) for pk, name in named}
