"""Flat and simple JSON: Colota's own format, an automation of Home Assistant, and ours (docs/PROTOCOL.md)."""

from typing import Any

from tracking.ingest.clients.report import Record, Report, charging, name, numeric, position, rest, scaled

COLOTA = ("lat", "lon", "acc", "alt", "vel", "batt", "bs", "tst", "bear", "id", "device_id")
OURS = ("type", "seq")
SAID = ("receipts", "replies", "says")
MEASURES = ("speed", "course", "altitude", "accuracy")


def is_colota(content: dict[str, Any]) -> bool:
    return "lat" in content and "tst" in content


def colota(content: dict[str, Any]) -> Report:
    """`{"lat","lon","acc","alt","vel","batt","bs","tst","bear"}`, `vel` in m/s, `bs` as OwnTracks."""
    item = position(
        {**rest(content, COLOTA), "charging": charging(content.get("bs"))},
        latitude=content.get("lat"),
        longitude=content.get("lon"),
        time=content.get("tst"),
        speed=scaled(content.get("vel"), 1),
        heading=scaled(content.get("bear"), 1),
        altitude=content.get("alt"),
        accuracy=scaled(content.get("acc"), 1),
        battery=scaled(content.get("batt"), 1),
    )
    return Report("Colota", [Record(item, uid=name(content.get("device_id")) or name(content.get("id")))])


def is_home_assistant(content: dict[str, Any]) -> bool:
    location = content.get("location")
    return isinstance(location, dict) and "latitude" in location


def home_assistant(content: dict[str, Any]) -> Report:
    """`{"device_id","timestamp","location":{latitude,…},"battery":{"level"}}`; templates quote numbers."""
    location, battery = content["location"], content.get("battery")
    level = numeric(battery.get("level")) if isinstance(battery, dict) else None
    speed, course, altitude, accuracy = (numeric(location.get(key)) for key in MEASURES)
    item = position(
        rest(content, ("location", "battery", "timestamp", "device_id")),
        latitude=numeric(location.get("latitude")),
        longitude=numeric(location.get("longitude")),
        time=content.get("timestamp"),
        speed=scaled(speed, 1),
        heading=scaled(course, 1),
        altitude=altitude,
        accuracy=scaled(accuracy, 1),
        battery=scaled(level, 1),
    )
    return Report("Home Assistant", [Record(item, uid=name(content.get("device_id")))])


def is_ours(content: dict[str, Any]) -> bool:
    lists = any(isinstance(content.get(name), list) for name in ("items", *SAID))
    return lists or "latitude" in content or "lat" in content


def ours(content: dict[str, Any] | list[Any]) -> Report:
    """A position, an array of them or `{"items":[…],"receipts":[…],…}`, as at /gps/positions."""
    said: dict[str, list[Any]] = {}
    items: Any = content
    if isinstance(content, dict):
        said = {name: content[name] for name in SAID if isinstance(content.get(name), list)}
        items = content.get("items")
        if not isinstance(items, list):
            items = [] if said else [content]
    records = [Record(rest(item, OURS) if isinstance(item, dict) else {"position": item}) for item in items]
    return Report("Fleetline", records, "" if records else "an empty batch", said)
