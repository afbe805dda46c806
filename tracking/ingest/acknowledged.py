"""Telling a device that a person took the alarm of its vehicle: docs/PROTOCOL.md, "alert".

Only devices that offer the subprotocol `gps.alerts` are told: others know no such frame.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.utils.timezone import now

from tracking import alerts, database
from tracking.ingest.connection import Connection, to_json
from tracking.models import Alert

log = logging.getLogger("fleetline.device")

CAPABILITY = "gps.alerts"
RECENT = timedelta(minutes=15)


async def tell(connections: Iterable[Connection]) -> None:
    """Tell those who wait for it what was acknowledged lately; each alert once a connection."""
    waiting = [c for c in connections if c.told_alerts is not None and not c.closed]
    if not waiting:
        return
    try:
        taken = await database.run(_taken, {c.source.who.vehicle for c in waiting})
    except DatabaseError as error:  # asked again within seconds
        log.warning("who took which alarm is not known: %s", error)
        return
    for connection in waiting:
        told = connection.told_alerts
        for frame in taken.get(connection.source.who.vehicle, ()):
            if told is not None and frame["id"] not in told:
                told.add(frame["id"])
                connection.write(to_json(frame))


def _taken(vehicles: set[int]) -> dict[int, list[dict[str, Any]]]:
    """The alerts of these vehicles that a person took within RECENT, as frames of the device socket."""
    rows = Alert.objects.filter(vehicle__in=vehicles, at__gte=now() - RECENT)
    taken: dict[int, list[dict[str, Any]]] = {}
    for alert in rows.exclude(status=Alert.Status.OPEN).select_related("vehicle__fleet", "vehicle__driver"):
        said = alerts.serialize(alert)
        names = ("type", "id", "kind", "status", "by", "at", "time", "last_time")
        frame = {name: said[name] for name in names}
        taken.setdefault(alert.vehicle_id, []).append(frame)
    return taken
