"""What a client said, in our words; and the conversions that several clients need. Pure."""

import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from tracking.fixes import milliseconds

KNOT = 1852 / 3600  # m/s
KMH = 1 / 3.6  # m/s
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*|(?=\.))(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_UTC = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
_PLUS_LOST = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)")


class Record(Struct, frozen=True):
    """A position, or a sign of life without one.

    `item` is a position as `fixes.decode_items` takes it: what is wrong in it is found and named there.
    `time` (as the client wrote it) and `battery` (percent) matter when there is no item. `uid` is what
    the client calls the device; only with a gateway's key does it say whose record it is.
    """

    item: dict[str, Any] | None = None
    uid: str = ""
    time: Any = None
    battery: float | None = None


class Report(Struct, frozen=True):
    """One call of a client. `about` says in words what was in it when there is no record.

    `said` are the lists of receipts, replies and says in it, as they stand there.
    """

    client: str
    records: list[Record] = []
    about: str = ""
    said: dict[str, list[Any]] = {}


class Unreadable(Exception):
    """A call that no client of ours makes; the message says what is wrong with it."""


def number(text: object) -> float | int | None:
    """The number in a text, or a number itself; None when it is none (nan and inf are none)."""
    if isinstance(text, str):
        if not _NUMBER.fullmatch(text.strip()):
            return None
        value = float(text)
        if value.is_integer() and abs(value) < 2**53 and text.strip().lstrip("+-").isdecimal():
            return int(value)
    elif isinstance(text, int | float) and not isinstance(text, bool):
        value = float(text) if abs(text) < 1e300 else math.inf
    else:
        return None
    return (text if not isinstance(text, str) else value) if math.isfinite(value) else None


def numeric(value: object) -> Any:
    """The number in a text; what is none stays what it is, for the decoder to refuse in words."""
    found = number(value)
    return value if found is None else found


def known(value: object) -> Any:
    """The value, None when it is negative: -1 is how phones say that they do not know."""
    found = number(value) if not isinstance(value, str) else None
    return None if found is not None and found < 0 else value


def scaled(value: object, factor: float) -> Any:
    """A number in our unit; None when it is negative, that is unknown; anything else as it is."""
    value = known(value)
    found = number(value) if not isinstance(value, str) else None
    return value if found is None else round(found * factor, 6)


def boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    return True if text in TRUE else False if text in FALSE else None


def charging(state: object) -> bool | None:
    """`bs` of OwnTracks: 0 unknown, 1 unplugged, 2 charging, 3 full; GPSLogger writes true or false."""
    if isinstance(state, str) and state in ("true", "false"):
        return boolean(state)
    return {1: False, 2: True, 3: True}.get(state) if type(state) is int else None


def instant(when: object) -> int | None:
    """Milliseconds since the epoch of a time as clients write it; None when it is no time with a zone."""
    if (value := number(when)) is not None:
        return milliseconds(float(value))
    try:
        moment = datetime.fromisoformat(when) if isinstance(when, str) else None
    except ValueError:
        return None
    return milliseconds(moment) if moment is not None and moment.tzinfo is not None else None


def moment(text: str) -> Any:
    """A time of a query string: s, ms, ISO 8601, or `yyyy-MM-dd HH:mm:ss`, which is UTC."""
    text = text.strip()
    if (value := number(text)) is not None:
        return value
    if _UTC.fullmatch(text):
        return f"{text}Z"
    return _PLUS_LOST.sub(r"\1+\2", text)  # a + that was not escaped arrives as a blank


def alarms(text: object) -> tuple[str | None, list[str]]:
    """The alarm to raise, in our words (`lowBattery` is low_battery), and all that were named.

    Traccar joins several with commas; an SOS comes first. A text that is no list of names stays whole.
    """
    if not isinstance(text, str) or not text.strip():
        return None, []
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isidentifier() and part.isascii() for part in parts):
        return text.strip(), [text.strip()]
    words = ["_".join(_CAMEL.split(part)).lower() for part in parts]
    words = ["crash" if word == "accident" else word for word in words]
    return ("sos" if "sos" in words else words[0]), words


def position(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An item of the fields that are known, with the attributes that are."""
    item = {name: value for name, value in fields.items() if value is not None}
    kept = {name: value for name, value in attributes.items() if value is not None and value != ""}
    return {**item, "attributes": kept} if kept else item


def rest(content: dict[str, Any], taken: Iterable[str]) -> dict[str, Any]:
    """What is left of an object for the attributes."""
    taken = frozenset(taken)
    return {key: value for key, value in content.items() if key not in taken}


def percent(level: object) -> Any:
    """A battery level of 0 to 1 in percent."""
    return scaled(level, 100)


def name(value: object) -> str:
    """A device's name for itself; empty when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip() if isinstance(value, str) or abs(value) < 2**64 else ""


def beat(battery: object, *, uid: str, time: object, alarm: str | None = None) -> Record:
    """A sign of life without a position. An alarm without one is an item that says no place."""
    level = number(battery)
    level = level if level is not None and 0 <= level <= 100 else None
    if alarm is not None:
        return Record(position({}, time=time, battery=level, alarm=alarm), uid=uid)
    return Record(uid=uid, time=time, battery=level)
