"""Traccar Client 9 and the background geolocation of Transistor Software; Colota's "Traccar JSON".

`{"location":{"timestamp","coords":{…},"battery":{"level","is_charging"},…},"device_id"}`, one location
or an array of them. m/s, metres, battery 0 to 1; -1 means unknown. Without `coords` it is a heartbeat.
"""

from typing import Any

from tracking.ingest.clients.report import (
    Record,
    Report,
    alarms,
    beat,
    known,
    name,
    percent,
    position,
    rest,
    scaled,
)

COORDS = ("latitude", "longitude", "accuracy", "speed", "heading", "altitude")
TAKEN = ("coords", "timestamp", "battery", "odometer", "activity", "extras", "alarm", "_")


def fits(content: dict[str, Any]) -> bool:
    location = content.get("location")
    return isinstance(location, dict) or (isinstance(location, list) and "locations" not in content)


def read(content: dict[str, Any]) -> Report:
    found = content["location"]
    uid = name(content.get("device_id"))
    locations = found if isinstance(found, list) else [found]
    return Report("Traccar Client", [_record(location, uid) for location in locations])


def _record(location: Any, uid: str) -> Record:
    if not isinstance(location, dict):
        return Record({"location": location}, uid=uid)
    battery = location.get("battery")
    battery = battery if isinstance(battery, dict) else {}
    level = percent(battery.get("level"))
    coords, activity, extras = (location.get(key) for key in ("coords", "activity", "extras"))
    extras = extras if isinstance(extras, dict) else {}
    alarm, _ = alarms(location.get("alarm") or extras.get("alarm"))
    if coords is None:
        return beat(level, uid=uid, time=location.get("timestamp"), alarm=alarm)
    if not isinstance(coords, dict):
        return Record({"coords": coords}, uid=uid)
    attributes = {
        **{key: known(value) for key, value in rest(coords, COORDS).items()},
        **rest(location, TAKEN),
        "activity": activity.get("type") if isinstance(activity, dict) else activity,
        "charging": battery.get("is_charging"),
        **rest(extras, ("alarm",)),
    }
    item = position(
        attributes,
        latitude=coords.get("latitude"),
        longitude=coords.get("longitude"),
        time=location.get("timestamp"),
        speed=known(coords.get("speed")),
        heading=known(coords.get("heading")),
        altitude=coords.get("altitude"),
        accuracy=known(coords.get("accuracy")),
        battery=level,
        odometer=scaled(location.get("odometer"), 1),
        alarm=alarm,
    )
    return Record(item, uid=uid)
