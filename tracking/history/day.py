"""What a vehicle did between two moments: how far, how long, how fast, and where it stood.

The one reading of what movement and a stop are, for a day and for a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tracking.geo import metres
from tracking.history import columns
from tracking.history.columns import Columns, Floats, Ints
from tracking.history.outliers import outliers, top_speed
from tracking.history.tracks import GAP_MS
from tracking.states import MOVED_M, MOVING_MS

STOP_MS = 180_000  # a red light is no stop
# Fixes of a standing vehicle that are looked at one by one before arrays are worth their start.
ONE_BY_ONE = 32


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
    """The vehicle's fixes from `start_ms` (included) to `end_ms` (not), without outliers."""
    fixes = columns.read(vehicle_id, start_ms=start_ms, end_ms=end_ms)
    kept = fixes.take(~outliers(fixes))
    return summary(kept, anchors(kept))


def summary(fixes: Columns, places: Ints) -> Day:
    """What fixes add up to; `places` as of `anchors`."""
    if len(fixes.time) == 0:
        return Day()
    day = Day(len(fixes.time), int(fixes.time[0]), int(fixes.time[-1]), top_speed=top_speed(fixes))
    _add_up(day, fixes, places)
    return day


def anchors(fixes: Columns) -> Ints:
    """Where the vehicle was somewhere else than before: numbers of fixes, the first one included.

    Whoever neither drives nor leaves its place by MOVED_M and its accuracy stands. Each of them is
    where the way to the next is measured from.
    """
    if len(fixes.time) == 0:
        return np.zeros(0, np.int64)
    found = np.zeros(len(fixes.time), bool)
    found[0] = True
    driving = fixes.speed >= MOVING_MS
    found |= driving
    slow = np.flatnonzero(np.diff(np.r_[True, driving[1:], True].astype(np.int8)))
    # Pairs of where a run of slow fixes begins and ends; before each stands an anchor.
    way = columns.steps(fixes) if len(found) > 1 else np.zeros(0)
    for begin, end in zip((slow[::2] + 1).tolist(), (slow[1::2] + 1).tolist(), strict=True):
        for at in _left(fixes, way, begin, end):
            found[at] = True
    return np.flatnonzero(found)


def _left(fixes: Columns, way: Floats, begin: int, end: int) -> Iterator[int]:
    """Those of the slow fixes from `begin` to `end` (not included) that left the place of the one before."""
    anchor, at = begin - 1, begin
    while at < end:
        close = min(end, anchor + ONE_BY_ONE)
        latitude, longitude = float(fixes.latitude[anchor]), float(fixes.longitude[anchor])
        left = -1
        while at < close:
            away = way[anchor] if at == anchor + 1 else metres(
                latitude, longitude, float(fixes.latitude[at]), float(fixes.longitude[at])
            )  # fmt: skip
            if away > MOVED_M + fixes.accuracy[at]:
                left = at
                break
            at += 1
        while left < 0 and at < end:
            far = min(end, at + 32 * ONE_BY_ONE)
            part = fixes.take(slice(at, far))
            here = np.full(far - at, latitude), np.full(far - at, longitude)
            gone = columns.metres(*here, part.latitude, part.longitude) > MOVED_M + part.accuracy
            if gone.any():
                left = at + int(gone.argmax())
            at = far
        if left < 0:
            return
        yield left
        anchor, at = left, left + 1


def _add_up(day: Day, fixes: Columns, places: Ints) -> None:
    """Way, time and stops between the places."""
    a, b = places[:-1], places[1:]
    away = columns.metres(fixes.latitude[a], fixes.longitude[a], fixes.latitude[b], fixes.longitude[b])
    step = fixes.time[b] - fixes.time[b - 1]
    # Over a hole nobody knows when it left: it stood until it was last heard.
    left = np.where(step <= GAP_MS, fixes.time[b], fixes.time[b - 1])
    stood = (left - fixes.time[a] >= STOP_MS) & ((b - 1 > a) | (fixes.speed[a] < MOVING_MS))
    day.metres = float(away.sum())
    day.moving_ms = int(step[~stood & (step <= GAP_MS)].sum())
    for at, until in zip(a[stood].tolist(), left[stood].tolist(), strict=True):
        day.stops.append(_stop(fixes, at, until))
    last = int(places[-1])
    if fixes.time[-1] - fixes.time[last] >= STOP_MS:
        day.stops.append(_stop(fixes, last, None))


def _stop(fixes: Columns, at: int, until: int | None) -> Stop:
    return Stop(int(fixes.time[at]), until, float(fixes.latitude[at]), float(fixes.longitude[at]))
