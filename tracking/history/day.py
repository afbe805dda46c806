"""What a vehicle did between two moments: how far, how long, how fast, and where it stood."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tracking.geo import metres
from tracking.history.tracks import GAP_MS
from tracking.models import Device, Position
from tracking.states import MOVED_M, MOVING_MS

STOP_MS = 180_000  # a red light is no stop
PRIMARY_SILENT_MS = 120_000  # then another device of the vehicle speaks for it, as on the map
CHUNK = 5000
FIELDS = ("time", "latitude", "longitude", "speed", "accuracy", "device_id")


class Fix(NamedTuple):
    time: int  # ms
    latitude: float
    longitude: float
    speed: float | None  # m/s
    accuracy: float | None  # m
    device_id: int


@dataclass(frozen=True)
class Stop:
    begin: int  # ms
    end: int | None  # None: it stands there still
    latitude: float
    longitude: float


@dataclass
class Day:
    fixes: int = 0
    first: int = 0
    last: int = 0
    metres: float = 0.0
    moving_ms: int = 0
    top_speed: float | None = None  # m/s
    stops: list[Stop] = field(default_factory=list)


def read(vehicle_id: int, *, start_ms: int, end_ms: int) -> Day:
    """The vehicle's fixes from `start_ms` (included) to `end_ms` (not), in one pass."""
    rows = Position.objects.filter(vehicle_id=vehicle_id, time__gte=start_ms, time__lt=end_ms)
    found = rows.order_by("time", "device_id").values_list(*FIELDS).iterator(chunk_size=CHUNK)
    primary = set(Device.objects.filter(vehicle_id=vehicle_id, primary=True).values_list("pk", flat=True))
    return summary(_shown((Fix(*row) for row in found), primary))


def summary(fixes: Iterable[Fix]) -> Day:
    """Fixes in time order. Whoever neither drives nor leaves its place by MOVED_M and its accuracy stands."""
    day = Day()
    anchor = before = None
    standing = 0  # since
    for fix in fixes:
        if anchor is None or before is None:
            day.first = standing = fix.time
            anchor = before = fix
        day.fixes += 1
        day.last = fix.time
        if fix.speed is not None:
            day.top_speed = max(day.top_speed or 0.0, fix.speed)
        away = metres(anchor.latitude, anchor.longitude, fix.latitude, fix.longitude)
        if (fix.speed or 0.0) >= MOVING_MS or away > MOVED_M + (fix.accuracy or 0.0):
            step = fix.time - before.time
            # Over a hole nobody knows when it left: it stood until it was last heard.
            left = fix.time if step <= GAP_MS else before.time
            if left - standing >= STOP_MS:
                day.stops.append(Stop(standing, left, anchor.latitude, anchor.longitude))
            elif step <= GAP_MS:
                day.moving_ms += step
            day.metres += away
            anchor, standing = fix, fix.time
        before = fix
    if anchor is not None and day.last - standing >= STOP_MS:
        day.stops.append(Stop(standing, None, anchor.latitude, anchor.longitude))
    return day


def _shown(fixes: Iterable[Fix], primary: set[int]) -> Iterable[Fix]:
    """Those of the primary device, and of another while that one is silent."""
    heard = -PRIMARY_SILENT_MS
    for fix in fixes:
        if fix.device_id in primary:
            heard = fix.time
        if fix.device_id in primary or fix.time - heard >= PRIMARY_SILENT_MS:
            yield fix
