"""Where the vehicles of a fleet are, as far as the database knows."""

from collections.abc import Iterable

from tracking.history.exports.text import About
from tracking.history.tracks import FIELDS, Row
from tracking.live import PRIMARY_SILENT_MS
from tracking.models import Device, Fleet, Latest, Vehicle


def choose(rows: Iterable[Row], primary: set[int]) -> Row:
    """The row that shows a vehicle, of the newest rows of its devices (at least one). Pure.

    That of a primary device, unless another was heard more than PRIMARY_SILENT_MS after it.
    """
    return max(rows, key=lambda row: (row[0] + PRIMARY_SILENT_MS * (row[-1] in primary), row[-1] in primary))


def latest(fleet: Fleet) -> dict[int, tuple[About, Row | None]]:
    """Every vehicle of the fleet by its id, and its newest row; the uid is that of its primary device."""
    uids: dict[int, str] = {}
    primary: set[int] = set()
    devices = Device.objects.filter(vehicle__fleet=fleet).order_by("-primary", "uid")
    for pk, uid, vehicle, is_primary in devices.values_list("pk", "uid", "vehicle_id", "primary"):
        uids.setdefault(vehicle, uid)
        if is_primary:
            primary.add(pk)
    found: dict[int, list[Row]] = {}
    newest = Latest.objects.filter(vehicle__fleet=fleet).values_list(*FIELDS, "device_id", "vehicle_id")
    for *row, vehicle in newest:
        found.setdefault(vehicle, []).append(tuple(row))
    return {
        pk: (
            About(uid=uids.get(pk, f"vehicle-{pk}"), name=name, fleet=fleet.slug),
            choose(found[pk], primary) if pk in found else None,
        )
        for pk, name in Vehicle.objects.filter(fleet=fleet).values_list("pk", "name")
    }
