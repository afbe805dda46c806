"""Overland, and Colota's batches: `{"locations":[GeoJSON Feature, …],"current":Feature}`.

m/s, metres, battery 0 to 1; -1 means unknown; times ISO 8601, also with `-0700`.
`current` is where the phone is now and comes again in a later batch, which is then the same fix.
"""

from typing import Any

from tracking.ingest.clients.report import Record, Report, known, name, percent, position, rest, scaled

TAKEN = (
    "timestamp", "altitude", "speed", "course", "horizontal_accuracy", "battery_level", "battery_state",
    "device_id", "unique_id",
)  # fmt: skip
CHARGING = {"charging": True, "full": True, "unplugged": False}


def fits(content: dict[str, Any]) -> bool:
    return isinstance(content.get("locations"), list)


def read(content: dict[str, Any]) -> Report:
    features = list(content["locations"])
    if isinstance(content.get("current"), dict):
        features.append(content["current"])
    records = [_record(feature) for feature in features]
    return Report("Overland", records, "" if records else "an empty batch")


def _record(feature: Any) -> Record:
    content = feature if isinstance(feature, dict) else {}
    geometry, properties = content.get("geometry"), content.get("properties")
    place = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(place, list) or len(place) < 2 or not isinstance(properties, dict):
        return Record({"feature": feature})
    state = properties.get("battery_state")
    attributes = {
        **{key: known(value) for key, value in rest(properties, TAKEN).items()},
        "charging": CHARGING.get(state) if isinstance(state, str) else None,
    }
    item = position(
        attributes,
        latitude=place[1],
        longitude=place[0],
        time=properties.get("timestamp"),
        speed=known(properties.get("speed")),
        heading=known(properties.get("course")),
        altitude=properties.get("altitude"),
        accuracy=scaled(properties.get("horizontal_accuracy"), 1),
        battery=percent(properties.get("battery_level")),
    )
    return Record(item, uid=name(properties.get("device_id")) or name(properties.get("unique_id")))
