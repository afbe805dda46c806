"""What a vehicle did between two moments: how far, how long, how fast, and where it stood.

The one reading of what movement and a stop are, for a day and for a year.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tracking.geo import metres
from tracking.history import columns
from tracking.history.columns import Columns, Ints
from tracking.history.outliers import outliers, top_speed
from tracking.history.tracks import GAP_MS
from tracking.states import MOVED_M, MOVING_MS

STOP_MS = 180_000  # a red light is no stop


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
    kept = fixes.without(outliers(fixes))
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
    found = fixes.speed >= MOVING_MS
    found[0] = True
    turns = np.flatnonzero(np.diff(np.r_[True, found, True]))
    # Runs of slow fixes, from `begins` to `ends` (not included); before each stands an anchor.
    begins, ends = turns[::2], turns[1::2]
    slow = np.flatnonzero(~found)
    anchor = np.repeat(begins - 1, ends - begins)
    away = columns.metres(
        fixes.latitude[anchor], fixes.longitude[anchor], fixes.latitude[slow], fixes.longitude[slow]
    )
    left = slow[away > MOVED_M + fixes.accuracy[slow]]
    # Most standing vehicles leave at no fix; those that do are followed one by one.
    which, firsts = np.unique(np.searchsorted(begins, left, side="right") - 1, return_index=True)
    for run, first in zip(which.tolist(), left[firsts].tolist(), strict=True):
        for at in _left(fixes, first, int(ends[run])):
            found[at] = True
    return np.flatnonzero(found)


def _left(fixes: Columns, first: int, end: int) -> Iterator[int]:
    """The slow fixes from `first` to `end` (not included) that left the place of the one that did before."""
    latitudes, longitudes = fixes.latitude[first:end].tolist(), fixes.longitude[first:end].tolist()
    reach = (MOVED_M + fixes.accuracy[first:end]).tolist()
    anchor = 0
    yield first
    for at in range(1, end - first):
        if metres(latitudes[anchor], longitudes[anchor], latitudes[at], longitudes[at]) > reach[at]:
            anchor = at
            yield first + at


def _add_up(day: Day, fixes: Columns, places: Ints) -> None:
    """Way, time and stops between the places."""
    a, b = places[:-1], places[1:]
    away = fixes.way[a]
    far = b - a > 1
    c, d = a[far], b[far]
    away[far] = columns.metres(fixes.latitude[c], fixes.longitude[c], fixes.latitude[d], fixes.longitude[d])
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
