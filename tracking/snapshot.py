"""What a browser is shown first: every vehicle of some fleets, as the journal and the database know it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from tracking import database, live, presence
from tracking.fixes import Fix, iso
from tracking.live import PRIMARY_SILENT_MS
from tracking.models import Alert, Device, Latest, Vehicle


async def vehicles(fleet: int) -> dict[int, dict[str, Any]]:
    """The vehicles of a fleet: {id: vehicle object of the wire}, `position` as a JSON array."""
    rows = await database.run(_rows, fleet)
    moving = await live.latest(fleet)
    expected = await live.intervals(fleet)
    online = await presence.online(fleet)
    for pk, row in rows.items():
        known = msgspec.json.decode(moving[pk]) if pk in moving else None
        if known is not None and (row["position"] is None or known[1] > row["position"][1]):
            row["position"] = known
        row["online"] = pk in online
        row["interval"] = expected.get(pk)
    return rows


def _rows(fleet: int) -> dict[int, dict[str, Any]]:
    found = Vehicle.objects.filter(fleet=fleet).select_related("fleet", "driver")
    rows = {vehicle.pk: describe(vehicle) for vehicle in found}
    open_alerts = Alert.objects.filter(vehicle__fleet=fleet, status=Alert.Status.OPEN)
    for vehicle in open_alerts.values_list("vehicle_id", flat=True):
        if vehicle in rows:
            rows[vehicle]["alerts"] += 1
    primary: set[int] = set()
    devices = Device.objects.filter(vehicle__fleet=fleet).order_by("primary", "-uid")
    columns = devices.values_list("pk", "uid", "vehicle_id", "primary", "stopped")
    for pk, uid, vehicle, is_primary, stopped in columns:
        if vehicle in rows:
            rows[vehicle]["uid"] = uid  # the primary one comes last
            if stopped is not None:
                said = iso(int(stopped.timestamp() * 1000))
                rows[vehicle]["sharing_stopped"] = max(rows[vehicle]["sharing_stopped"] or said, said)
        if is_primary:
            primary.add(pk)
    for vehicle, position in marker(Latest.objects.filter(vehicle__fleet=fleet), primary).items():
        if vehicle in rows:
            rows[vehicle]["position"] = position
    return rows


def describe(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "id": vehicle.pk,
        "uid": None,
        "name": vehicle.name,
        "plate": vehicle.plate,
        "driver": vehicle.driver.name if vehicle.driver else "",
        "phone": vehicle.driver.phone if vehicle.driver else "",
        "tags": vehicle.tags,
        "icon": vehicle.icon,
        "colour": vehicle.colour,
        "fleet": vehicle.fleet.slug,
        "online": False,
        "position": None,
        "alerts": 0,
        "interval": None,
        "sharing_stopped": None,
    }


def marker(latest: Iterable[Latest], primary: set[int]) -> dict[int, list[Any]]:
    """Where to show each vehicle: at its primary device, or at another when that was silent for 2 min."""
    shown: dict[int, Latest] = {}
    for row in latest:
        other = shown.get(row.vehicle_id)
        if other is None or _rank(row, primary) > _rank(other, primary):
            shown[row.vehicle_id] = row
    return {
        vehicle: msgspec.json.decode(live.value(vehicle, _fix(row), row.received))
        for vehicle, row in shown.items()
    }


def _rank(row: Latest, primary: set[int]) -> int:
    return row.time + (PRIMARY_SILENT_MS if row.device_id in primary else 0)


def _fix(row: Latest) -> Fix:
    return Fix(*(getattr(row, name) for name in Fix.__struct_fields__))
