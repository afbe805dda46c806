"""A Traccar server that forwards: `forward.type=json`, one position a call, and its events.

Speeds are knots, `odometer` metres, `hours` milliseconds; `device.uniqueId` names the device.
A tracker that reports without a new fix comes with the old `fixTime` and a newer `deviceTime`.
"""

from typing import Any

from tracking.ingest.clients.report import (
    KNOT,
    Record,
    Report,
    alarms,
    beat,
    boolean,
    name,
    number,
    position,
    rest,
    scaled,
)

HOUR_MS = 3_600_000
TAKEN = ("batteryLevel", "ignition", "odometer", "alarm", "hours", "charge")


def fits(content: dict[str, Any]) -> bool:
    return isinstance(content.get("device"), dict) and (
        isinstance(content.get("position"), dict) or isinstance(content.get("event"), dict)
    )


def read(content: dict[str, Any]) -> Report:
    uid = name(content["device"].get("uniqueId"))
    found, event = content.get("position"), content.get("event")
    if not isinstance(found, dict):
        kind = event.get("type") if isinstance(event, dict) else ""
        return Report("Traccar server", about=f"event {str(kind)[:40]}: nothing to store in it")
    return Report("Traccar server", _records(found, uid))


def _records(found: dict[str, Any], uid: str) -> list[Record]:
    told = found.get("attributes")
    told = told if isinstance(told, dict) else {}
    level, when = told.get("batteryLevel"), found.get("deviceTime")
    alarm, every = alarms(told.get("alarm"))
    if found.get("latitude") is None and found.get("longitude") is None:
        return [beat(level, uid=uid, time=when, alarm=alarm)]
    hours = number(told.get("hours"))
    attributes = {
        **rest(told, TAKEN),
        "charging": told.get("charge"),
        "hours": None if hours is None else round(hours / HOUR_MS, 4),
        "alarms": every if len(every) > 1 else None,
        **{key: found.get(key) for key in ("protocol", "valid", "outdated", "address")},
    }
    item = position(
        attributes,
        latitude=found.get("latitude"),
        longitude=found.get("longitude"),
        time=found.get("fixTime"),
        speed=scaled(found.get("speed"), KNOT),
        heading=found.get("course"),
        altitude=found.get("altitude"),
        accuracy=scaled(found.get("accuracy"), 1),
        battery=scaled(told.get("batteryLevel"), 1),
        ignition=boolean(told["ignition"]) if "ignition" in told else None,
        odometer=scaled(told.get("odometer"), 1),
        alarm=alarm,
    )
    fix = Record(item, uid=uid)
    return [fix] if when in (None, found.get("fixTime")) else [fix, beat(level, uid=uid, time=when)]
