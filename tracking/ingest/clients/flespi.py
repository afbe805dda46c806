"""A flespi HTTP stream: an array of flat messages, `ident` names the device of each.

`position.speed` is km/h, `timestamp` seconds (with a fraction), `vehicle.mileage` km. A message without
a position is a sign of life.
"""

from typing import Any

from tracking.ingest.clients.report import KMH, Record, Report, beat, boolean, name, position, rest, scaled

TAKEN = (
    "ident", "timestamp", "server.timestamp", "position.latitude", "position.longitude", "position.speed",
    "position.direction", "position.altitude", "engine.ignition.status", "battery.level", "vehicle.mileage",
)  # fmt: skip
# The first that is true is the alarm; all stay in the attributes.
ALARMS = {
    "sos.event.trigger": "sos",
    "alarm.sos.status": "sos",
    "crash.event.trigger": "crash",
    "towing.event.trigger": "tow",
    "towing.alarm.status": "tow",
    "gsm.jamming.event.trigger": "jamming",
    "gnss.antenna.cut.status": "antenna_cut",
    "harsh.braking.event.trigger": "hard_braking",
    "harsh.acceleration.event.trigger": "hard_acceleration",
    "harsh.cornering.event.trigger": "hard_cornering",
    "overspeeding.event.trigger": "overspeed",
    "alarm.event.trigger": "general",
}


def fits(content: list[Any]) -> bool:
    return any(
        isinstance(message, dict) and ("ident" in message or "position.latitude" in message)
        for message in content
    )


def read(content: list[Any]) -> Report:
    return Report("flespi", [_record(message) for message in content])


def _record(message: Any) -> Record:
    if not isinstance(message, dict):
        return Record({"message": message})
    uid, when, battery = name(message.get("ident")), message.get("timestamp"), message.get("battery.level")
    latitude, longitude = message.get("position.latitude"), message.get("position.longitude")
    alarm = next((word for key, word in ALARMS.items() if message.get(key) is True), None)
    if latitude is None and longitude is None:
        return beat(battery, uid=uid, time=when, alarm=alarm)
    item = position(
        rest(message, TAKEN),
        latitude=latitude,
        longitude=longitude,
        time=when,
        speed=scaled(message.get("position.speed"), KMH),
        heading=scaled(message.get("position.direction"), 1),
        altitude=message.get("position.altitude"),
        battery=scaled(battery, 1),
        ignition=boolean(message["engine.ignition.status"]) if "engine.ignition.status" in message else None,
        odometer=scaled(message.get("vehicle.mileage"), 1000),
        alarm=alarm,
    )
    return Record(item, uid=uid)
