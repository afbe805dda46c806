"""From the bytes that a device sends to a Fix, once, at the edge. Pure.

A frame is decoded in one pass by msgspec into the shape that most devices send; only a
frame that does not fit (an alias, an unknown key, something wrong) is taken apart key by
key. After this file nobody validates a position again.
"""

import itertools
import math
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

MAX_ITEMS = 1000
MAX_AHEAD_MS = 600_000
MAX_SEQ = 2**53 - 1
MAX_RAW_CHARS = 2048
SECONDS_BELOW = 1e11  # a smaller number is a time in seconds, a larger one in milliseconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

Zoned = Annotated[datetime, Meta(tz=True)]
Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]
ALIASES = {
    "lat": "latitude",
    "lon": "longitude",
    "lng": "longitude",
    "timestamp": "time",
    "ts": "time",
    "course": "heading",
    "bearing": "heading",
}
# An optional field out of its range becomes null and is kept in attributes.
RANGES = {
    "speed": (0, 10_000),
    "heading": (0, 360),
    "altitude": (-100_000, 1_000_000),
    "accuracy": (0, 100_000_000),
    "battery": (0, 100),
    "odometer": (0, 1e12),
}
MAX_ALARM_CHARS = 64


class Item(Struct, forbid_unknown_fields=True, gc=False):
    """A position as it stands in a frame; ranges as in RANGES."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    time: Zoned | float | None = None
    speed: Annotated[float, Meta(ge=0, le=10_000)] | None = None
    heading: Annotated[float, Meta(ge=0, le=360)] | None = None
    altitude: Annotated[float, Meta(ge=-100_000, le=1_000_000)] | None = None
    accuracy: Annotated[float, Meta(ge=0, le=100_000_000)] | None = None
    battery: Annotated[float, Meta(ge=0, le=100)] | None = None
    ignition: bool | None = None
    odometer: Annotated[float, Meta(ge=0, le=1e12)] | None = None
    alarm: Annotated[str, Meta(max_length=MAX_ALARM_CHARS)] | None = None
    attributes: dict[str, Any] | None = None


class PositionFrame(Item, tag="position"):
    seq: Seq | None = None


class PositionsFrame(Struct, tag="positions", forbid_unknown_fields=True):
    items: Annotated[list[Item], Meta(max_length=MAX_ITEMS)]
    seq: Seq | None = None


class Receipt(Struct, tag="receipt"):
    id: Annotated[str, Meta(min_length=1, max_length=160)]
    status: str
    detail: str | None = None


class Reply(Struct, tag="reply"):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    in_reply_to: Annotated[str, Meta(max_length=160)] | None = None


class Say(Struct, tag="say"):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class Ping(Struct, tag="ping"):
    pass


Frame = PositionFrame | PositionsFrame | Receipt | Reply | Say | Ping
KNOWN = {"position", "positions", "receipt", "reply", "say", "ping"}
_frame = msgspec.json.Decoder(Frame)
_fields = frozenset(Item.__struct_fields__)


class Fix(Struct, array_like=True, gc=False, frozen=True):
    """A device's validated claim of where its vehicle was. Times in ms since the epoch, SI units."""

    time: int
    latitude: float
    longitude: float
    speed: float | None
    heading: float | None
    altitude: float | None
    accuracy: float | None
    battery: float | None
    ignition: bool | None
    odometer: float | None
    alarm: str | None
    attributes: str | None
    """A JSON object."""


class Rejection(Struct, gc=False, frozen=True):
    """A position that will not be stored: where it stood in its frame, why, and what it was."""

    index: int
    detail: str
    raw: str
    code: str = "invalid_position"


class Batch(Struct, gc=False):
    """What one frame holds: its fixes, and the positions in it that were refused."""

    seq: int | None
    fixes: list[Fix]
    rejections: list[Rejection]


class Refused(Exception):
    """A frame refused whole; nothing of it is kept."""

    def __init__(self, code: str, detail: str, seq: int | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.seq = code, detail, seq


class Clock:
    """Gives an untimed fix the time of its arrival, at least 1 ms after the one before it."""

    __slots__ = ("last_ms",)

    def __init__(self) -> None:
        self.last_ms = 0

    def untimed(self, now_ms: int) -> int:
        self.last_ms = max(now_ms, self.last_ms + 1)
        return self.last_ms


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def iso(moment: int) -> str:
    """ISO 8601 with milliseconds and Z, from milliseconds since the epoch."""
    text = datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment % 1000:03d}Z"


def decode(text: str | bytes, *, clock: Clock, received: int) -> Batch | Receipt | Reply | Say | Ping:
    """Decode one frame that arrived at `received` (ms). Raise Refused when it is refused whole."""
    try:
        try:
            frame = _frame.decode(text)
        except msgspec.ValidationError:
            return _decode_slowly(text, clock=clock, received=received)
        if "\\u0000" in text if isinstance(text, str) else b"\\u0000" in text:
            return _decode_slowly(text, clock=clock, received=received)
        if isinstance(frame, PositionFrame):
            return _batch([frame], seq=frame.seq, clock=clock, received=received)
        if isinstance(frame, PositionsFrame):
            return _batch(frame.items, seq=frame.seq, clock=clock, received=received)
        return cast(Receipt | Reply | Say | Ping, frame)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Refused("invalid_json", str(error) or "nested too deeply") from error


def decode_items(items: Iterable[object], *, clock: Clock, received: int) -> Batch:
    """The positions of a request that is not a socket frame: one object each."""
    batch = Batch(None, [], [])
    for index, item in enumerate(items):
        _take_slowly(batch, index, item, clock=clock, received=received)
    return batch


def _batch(items: Iterable[Item], *, seq: int | None, clock: Clock, received: int) -> Batch:
    batch = Batch(seq, [], [])
    for index, item in enumerate(items):
        try:
            batch.fixes.append(_fix(item, clock=clock, received=received))
        except ValueError as error:
            batch.rejections.append(Rejection(index, str(error), _raw(item)))
    return batch


def _fix(item: Item, *, clock: Clock, received: int) -> Fix:
    if item.latitude == 0 and item.longitude == 0:
        raise ValueError("latitude, longitude: 0,0 is what a receiver without a fix says")
    when = item.time
    if when is None:
        moment = clock.untimed(received)
    else:
        moment = milliseconds(when)
        if moment > received + MAX_AHEAD_MS:
            raise ValueError(f"time: {(moment - received) // 60_000} min ahead of the server's clock")
        if moment < 0:
            raise ValueError("time: before 1970")
    return Fix(
        moment,
        item.latitude,
        item.longitude,
        item.speed,
        0.0 if item.heading == 360 else item.heading,
        item.altitude,
        item.accuracy,
        item.battery,
        item.ignition,
        item.odometer,
        item.alarm or None,
        msgspec.json.encode(item.attributes).decode() if item.attributes else None,
    )


def milliseconds(when: datetime | float) -> int:
    """Milliseconds since the epoch, cut (not rounded) from a zoned datetime or an epoch number."""
    if isinstance(when, datetime):
        return (when - EPOCH) // MILLISECOND
    if abs(when) >= SECONDS_BELOW:
        return math.floor(when)
    # A double near 1.7e9 is exact to a fraction of a microsecond: round to that, then cut.
    return round(when * 1_000_000) // 1000


# --- the slow path: aliases, unknown keys, and the words for what is wrong ----------------


def _decode_slowly(text: str | bytes, *, clock: Clock, received: int) -> Batch | Receipt | Reply | Say | Ping:
    frame = msgspec.json.decode(text)
    if not isinstance(frame, dict):
        raise Refused("unknown_type", "a frame is an object with a type")
    seq = _seq(frame)
    kind = frame.get("type")
    if kind is None and ("latitude" in frame or "lat" in frame):
        kind = "position"
    if kind == "position":
        batch = Batch(seq, [], [])
        item = {key: value for key, value in frame.items() if key not in ("type", "seq")}
        _take_slowly(batch, 0, item, clock=clock, received=received)
        return batch
    if kind == "positions":
        items = frame.get("items")
        if not isinstance(items, list):
            raise Refused("invalid_position", "items: Expected `array`", seq)
        if len(items) > MAX_ITEMS:
            raise Refused("too_many_items", f"items: {len(items)}, at most {MAX_ITEMS} a frame", seq)
        batch = decode_items(items, clock=clock, received=received)
        batch.seq = seq
        return batch
    if not isinstance(kind, str) or kind not in KNOWN:
        raise Refused("unknown_type", f"type: {str(kind)[:64]!r} is none of {', '.join(sorted(KNOWN))}", seq)
    if has_nul(frame):
        raise Refused("unknown_type", "\\u0000 is not text", seq)
    try:
        return msgspec.convert(frame, Receipt | Reply | Say | Ping)
    except msgspec.ValidationError as error:
        raise Refused("unknown_type", _words(error), seq) from error


def _seq(frame: dict[str, Any]) -> int | None:
    seq = frame.get("seq")
    if seq is None or (type(seq) is int and 1 <= seq <= MAX_SEQ):
        return seq
    raise Refused("invalid_position", f"seq: Expected a whole number from 1 to {MAX_SEQ}")


def _take_slowly(batch: Batch, index: int, item: object, *, clock: Clock, received: int) -> None:
    try:
        batch.fixes.append(_fix(_item(item), clock=clock, received=received))
    except (ValueError, OverflowError) as error:
        detail = _words(error) if isinstance(error, msgspec.ValidationError) else str(error)
        batch.rejections.append(Rejection(index, detail[:500], _raw(item)))


def _item(item: object) -> Item:
    """Resolve aliases, keep unknown keys and values out of range in attributes. ValueError if wrong."""
    if not isinstance(item, dict):
        raise ValueError("a position is an object")
    if has_nul(item):
        raise ValueError("\\u0000 is not text")
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in item.items():
        name = ALIASES.get(key, key)
        if name in _fields and (name == key or (name not in item and name not in known)):
            known[name] = value
        else:
            extra[key] = value
    for key, (least, most) in RANGES.items():
        value = known.get(key)
        if type(value) in (int, float) and not least <= cast(float, value) <= most:
            extra[key] = known.pop(key)
    if isinstance(known.get("alarm"), str) and len(known["alarm"]) > MAX_ALARM_CHARS:
        extra["alarm"] = known.pop("alarm")
    if isinstance(known.get("time"), str):
        known["time"] = _moment(known["time"])
    if extra and isinstance(known.get("attributes"), dict | None):
        known["attributes"] = {**extra, **(known.get("attributes") or {})}
    return msgspec.convert(known, Item)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time: {text[:40]!r} is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ValueError("time: without a zone it could be any of 24 hours")
    return moment.astimezone(UTC)


def has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(map(has_nul, itertools.chain(value.keys(), value.values())))
    return isinstance(value, list) and any(map(has_nul, value))


def _raw(item: object) -> str:
    return msgspec.json.encode(item).decode()[:MAX_RAW_CHARS]


def _words(error: Exception) -> str:
    """`Expected … - at `$.longitude`` as `longitude: Expected …`."""
    what, _, where = str(error).partition(" - at `$.")
    return f"{where.rstrip('`')}: {what}" if where else what
