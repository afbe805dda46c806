"""The OsmAnd protocol: names and values in the query or in a form, or flat objects of the same names.

Traccar Client up to 8 (all in the query of a POST), Traccar Client 10 (a form; heartbeats carry no
position), GPSLogger's custom URL (`%ALL`), OsmAnd itself, and the scripts that imitate them.
Speeds are knots (`spd` m/s, `spd_kph` km/h); a time without a zone is UTC.
"""

from typing import Any
from urllib.parse import parse_qsl

from tracking.ingest.clients.report import (
    KMH,
    KNOT,
    Record,
    Report,
    Unreadable,
    alarms,
    beat,
    boolean,
    moment,
    name,
    number,
    numeric,
    position,
    scaled,
)

MAX_PAIRS = 1000
NAMES = {
    "id": "uid", "deviceid": "uid", "imei": "uid",
    "lat": "latitude", "latitude": "latitude",
    "lon": "longitude", "lng": "longitude", "longitude": "longitude",
    "location": "location",
    "timestamp": "time", "time": "time2",
    "speed": "speed", "spd": "spd", "spd_kph": "spd_kph",
    "bearing": "heading", "heading": "heading", "course": "heading", "dir": "heading",
    "altitude": "altitude", "alt": "altitude",
    "accuracy": "accuracy", "acc": "accuracy",
    "batt": "battery", "battery": "battery",
    "charge": "charging", "ischarging": "charging",
    "ignition": "ignition", "odometer": "odometer", "alarm": "alarm",
    "notificationtoken": "token",
}  # fmt: skip
# Only the link that sets up Traccar Client has these: no phone reports yet.
SETTINGS = {"interval", "distance"}
# Several in one call are all kept.
LISTS = ("cell", "wifi")


def read(query: str, form: bytes = b"") -> Report:
    """A call with its values in the query, in a form, or in both. Raise Unreadable for too many."""
    try:
        pairs = parse_qsl(query, max_num_fields=MAX_PAIRS)
        pairs += parse_qsl(form.decode("utf-8", "replace"), max_num_fields=MAX_PAIRS)
    except ValueError as error:
        raise Unreadable(f"more than {MAX_PAIRS} values") from error
    values: dict[str, Any] = {}
    for key, value in pairs:
        if not value.strip():
            continue
        if key in LISTS:
            values.setdefault(key, []).append(value)
        else:
            values[key] = value
    client = "Traccar Client" if form else "OsmAnd protocol"
    if not values:
        return Report(client, about="nothing was sent")
    if SETTINGS <= values.keys():
        return Report(client, about="the link that sets up Traccar Client, opened in a browser")
    return Report(client, [record(values)])


def fits(content: dict[str, Any]) -> bool:
    return ("id" in content or "deviceid" in content) and ("timestamp" in content or "batt" in content)


def read_objects(objects: list[dict[str, Any]]) -> Report:
    """The same names in JSON objects: forks of Traccar Client 10 that send batches."""
    return Report("Traccar Client", [record(flat) for flat in objects])


def record(values: dict[str, Any]) -> Record:
    fields: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for key, value in values.items():
        field = NAMES.get(key.lower())
        if field is None:
            attributes[key] = _attribute(value)
        else:
            fields.setdefault(field, value)
    uid, when = name(fields.get("uid")), _time(fields)
    if isinstance(place := fields.get("location"), str) and "latitude" not in fields:
        fields["latitude"], _, fields["longitude"] = place.partition(",")
    alarm, every = alarms(fields.get("alarm"))
    if "latitude" not in fields and "longitude" not in fields:
        return beat(fields.get("battery"), uid=uid, time=when, alarm=alarm)
    if len(every) > 1:
        attributes["alarms"] = every
    measures = _measures(fields)
    for key, value in measures.items():  # what is no number or no flag after all is kept as it came
        if value is None and key in fields and number(fields[key]) is None:
            attributes[key] = fields[key]
    if "charging" in fields:
        attributes["charging"] = _attribute(fields["charging"])
    item = position(
        attributes,
        latitude=numeric(fields.get("latitude")),
        longitude=numeric(fields.get("longitude")),
        time=when,
        alarm=alarm,
        **measures,
    )
    return Record(item, uid=uid)


def _measures(fields: dict[str, Any]) -> dict[str, Any]:
    """The optional numbers and flags, in our units; None for what is none of these or unknown."""
    battery, heading = (scaled(number(fields.get(key)), 1) for key in ("battery", "heading"))
    return {
        "speed": _speed(fields),
        "heading": heading,
        "altitude": number(fields.get("altitude")),
        "accuracy": number(fields.get("accuracy")),
        "battery": battery,
        "odometer": number(fields.get("odometer")),
        "ignition": boolean(fields["ignition"]) if "ignition" in fields else None,
    }


def _time(fields: dict[str, Any]) -> Any:
    when = fields.get("time", fields.get("time2"))
    return moment(when) if isinstance(when, str) else when


def _speed(fields: dict[str, Any]) -> Any:
    for key, factor in (("spd", 1.0), ("spd_kph", KMH), ("speed", KNOT)):
        if (value := number(fields.get(key))) is not None:
            return scaled(value, factor)
    return None


def _attribute(value: Any) -> Any:
    """A value of a query: a number, true or false, else the text."""
    if not isinstance(value, str):
        return value
    if (found := number(value)) is not None:
        return found
    return {"true": True, "false": False}.get(value.lower(), value)
