"""OwnTracks in HTTP mode: the MQTT payload as JSON with `_type`; and what it may be answered.

`vel` is km/h, except from GPSLogger, whose users are told to configure this shape: its numbers are
quoted, and its `vel` is m/s. Only a location and a transition (an edge of a region was crossed) say
where the phone is; a waypoint is a place that somebody chose.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from tracking.ingest.clients.report import (
    KMH,
    Record,
    Report,
    beat,
    boolean,
    charging,
    name,
    number,
    numeric,
    position,
    rest,
    scaled,
)

APPLE_EPOCH = 978_307_200  # 2001-01-01: Overland's OwnTracks mode counts from there
APPLE_TIMES = (200_000_000, APPLE_EPOCH)
TAKEN = (
    "_type", "_id", "lat", "lon", "tst", "vel", "cog", "alt", "acc", "batt", "bs", "ign", "odometer",
    "topic", "tid", "created_at",
)  # fmt: skip
NUMBERS = ("lat", "lon", "tst", "vel", "cog", "alt", "acc", "batt", "odometer")
# `t` of the trackers that speak this format: an alarm.
ALARMS = {"9": "low_battery", "!": "tow", "e": "power_cut", "s": "overspeed"}
HARSH = ("hard_braking", "hard_acceleration", "hard_cornering")
SILENT = ("lwt",)  # said about the phone, not by it
MAX_TIDS = 36 * 36


def fits(content: dict[str, Any]) -> bool:
    return isinstance(content.get("_type"), str)


def read(content: dict[str, Any], *, uid: str = "") -> Report:
    """One payload; `uid` is what the request's headers call the phone."""
    kind = content["_type"]
    uid = name(content.get("topic")).rpartition("/")[2] or uid or name(content.get("tid"))
    if kind == "location" or (kind == "transition" and "lat" in content and "lon" in content):
        return _location(content, uid)
    if kind == "encrypted":
        # Kept in quarantine: nobody here has the key.
        return Report("OwnTracks", [Record(content, uid=uid)], "encrypted: turn encryption off in the app")
    if kind in SILENT:
        return Report("OwnTracks", about=f"{kind}: kept for nobody")
    return Report("OwnTracks", [beat(None, uid=uid, time=None)], f"{kind[:40]}: nothing to store in it")


def _location(content: dict[str, Any], uid: str) -> Report:
    quoted = isinstance(content.get("lat"), str)
    if quoted:
        content = {key: numeric(value) if key in NUMBERS else value for key, value in content.items()}
        content = {key: value for key, value in content.items() if value != ""}
    event = content.get("t")
    attributes = {
        **rest(content, TAKEN),
        "charging": charging(content.get("bs")),
    }
    item = position(
        attributes,
        latitude=content.get("lat"),
        longitude=content.get("lon"),
        time=_time(content.get("tst")),
        speed=scaled(content.get("vel"), 1 if quoted else KMH),
        heading=scaled(content.get("cog"), 1),
        altitude=content.get("alt"),
        accuracy=scaled(content.get("acc"), 1),
        battery=scaled(content.get("batt"), 1),
        ignition=_ignition(content.get("ign"), event),
        odometer=scaled(content.get("odometer"), 1000),
        alarm=_alarm(event, content.get("rty")),
    )
    return Report("GPSLogger" if quoted else "OwnTracks", [Record(item, uid=uid)])


def _time(tst: Any) -> Any:
    seconds = number(tst)
    if seconds is not None and APPLE_TIMES[0] < seconds < APPLE_TIMES[1]:
        return seconds + APPLE_EPOCH
    return tst


def _ignition(stated: object, event: object) -> bool | None:
    if stated is not None:
        return boolean(stated)
    return {"i": True, "I": False}.get(event) if isinstance(event, str) else None


def _alarm(event: object, report: object) -> str | None:
    if event == "h" and type(report) is int and 0 <= report < 2 * len(HARSH):
        return HARSH[report % len(HARSH)]
    return ALARMS.get(event) if isinstance(event, str) else None


# --- the answer: where the others of the fleet are -------------------------------------------


class Mate(Struct, frozen=True):
    """Another vehicle of the fleet, to be shown on the phone's own map. Time in ms, speed in m/s."""

    vehicle: int
    uid: str
    name: str
    tid: str
    time: int
    latitude: float
    longitude: float
    speed: float | None
    heading: float | None
    accuracy: float | None


def answer(mates: Iterable[Mate], *, fleet: str) -> list[dict[str, Any]]:
    """A card and a location for each mate; the app ties them together by topic and `tid`."""
    found: list[dict[str, Any]] = []
    for mate in mates:
        topic = f"owntracks/{fleet}/{mate.uid}"
        found.append({"_type": "card", "topic": topic, "tid": mate.tid, "name": mate.name})
        location = {
            "_type": "location",
            "topic": topic,
            "tid": mate.tid,
            "tst": mate.time // 1000,
            "lat": mate.latitude,
            "lon": mate.longitude,
            "vel": None if mate.speed is None else round(mate.speed / KMH),
            "cog": None if mate.heading is None else round(mate.heading),
            "acc": None if mate.accuracy is None else round(mate.accuracy),
        }
        found.append({key: value for key, value in location.items() if value is not None})
    return found


def initials(names: dict[int, str]) -> dict[int, str]:
    """A `tid` of two characters for each vehicle, no two alike: `Van 7` is V7, else its number."""
    taken: set[str] = set()
    tids: dict[int, str] = {}
    for vehicle, title in sorted(names.items()):
        letters = [c for c in title.upper() if c.isalnum() and c.isascii()]
        tid = f"{letters[0]}{letters[-1]}" if len(letters) > 1 else ""
        number = vehicle
        while not tid or tid in taken:
            if len(taken) >= MAX_TIDS:
                tid = str(vehicle)
                break
            tid = _base36(number % MAX_TIDS)
            number += 1
        taken.add(tid)
        tids[vehicle] = tid
    return tids


def _base36(value: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return digits[value // 36] + digits[value % 36]
