"""Who was near a place in a time: by the ten-minute boxes first, then by the fixes of those that fit."""

from collections.abc import Iterable
from math import cos, degrees, radians
from typing import NamedTuple

import numpy as np

from tracking.geo import EARTH_M
from tracking.history import segments
from tracking.history.columns import TABLE, Floats, Ints, Mask, arrays, metres
from tracking.history.tracks import GAP_MS
from tracking.models import Segment
from tracking.positions import among, listed

# A line between two fixes may pass where neither of their boxes is; nobody drives further in a gap's length.
AROUND_M = 15_000
FLAT_TO = 85.0  # degrees of latitude up to which a line between fixes is straight on the map


class Visit(NamedTuple):
    """Of one vehicle: when it was there first and last (ms), how near (metres), with how many fixes there."""

    vehicle: int
    first: int
    last: int
    nearest: float
    fixes: int


def within(
    vehicles: Iterable[int], *, latitude: float, longitude: float, radius: float, start_ms: int, end_ms: int
) -> list[Visit]:
    """The vehicles within `radius` metres of a place from `start_ms` (included) to `end_ms` (not).

    The nearest first. The way between two fixes counts when no gap is between them.
    """
    ranges = _ranges(sorted(set(vehicles)), latitude, longitude, radius, start_ms, end_ms)
    if not ranges:
        return []
    vehicle, time, device, lat, lon = _fixes(ranges, start_ms, end_ms)
    away = metres(np.full(len(lat), latitude), np.full(len(lon), longitude), lat, lon)
    near, when = away.copy(), time.copy()
    if abs(latitude) < FLAT_TO and len(time) > 1:
        joined = (np.diff(vehicle) == 0) & (np.diff(device) == 0) & (np.diff(time) <= GAP_MS)
        passed, share = _passing(lat, lon, latitude, longitude)
        closer = joined & (passed < near[:-1])
        near[:-1][closer] = passed[closer]
        when[:-1][closer] += (share[closer] * np.diff(time)[closer]).astype(np.int64)
    return sorted(_visits(vehicle, time, when, away <= radius, near, radius), key=lambda visit: visit.nearest)


def _visits(
    vehicle: Ints, time: Ints, when: Ints, inside: Mask, near: Floats, radius: float
) -> Iterable[Visit]:
    there = np.flatnonzero(near <= radius)
    for each in np.unique(vehicle[there]).tolist():
        mine = there[vehicle[there] == each]
        fixes = mine[inside[mine]]
        moments = np.r_[time[fixes], when[mine]]
        yield Visit(each, int(moments.min()), int(moments.max()), float(near[mine].min()), len(fixes))


def _ranges(
    vehicles: list[int], latitude: float, longitude: float, radius: float, start_ms: int, end_ms: int
) -> list[tuple[int, int, int]]:
    """(vehicle, first, last) of the times whose boxes, joined with the next one, touch the circle's."""
    which, ids = among(vehicles)
    tall = degrees((radius + AROUND_M) / EARTH_M)
    names = ["vehicle_id", "device_id", "first", "last", "south", "north", "west", "east"]
    found = arrays(
        names,
        f"{Segment._meta.db_table} WHERE vehicle_id {which} AND start > %s AND start < %s "
        "AND south <= %s AND north >= %s",
        [ids, start_ms - segments.SLOT_MS, end_ms, latitude + tall, latitude - tall],
        order=names[:3],
    )
    vehicle, device, first, last, south, north, west, east = found
    if len(vehicle) == 0:
        return []
    follows = (np.diff(vehicle) == 0) & (np.diff(device) == 0) & (first[1:] - last[:-1] <= GAP_MS)
    until = last.copy()
    until[:-1][follows] = first[1:][follows]
    for box, grow in ((south, np.minimum), (north, np.maximum), (west, np.minimum), (east, np.maximum)):
        joined = grow(box[:-1], box[1:])
        box[:-1][follows] = joined[follows]
    touches = _touches(south, north, west, east, latitude, longitude, radius)
    return list(zip(vehicle[touches].tolist(), first[touches].tolist(), until[touches].tolist(), strict=True))


def _touches(
    south: Floats, north: Floats, west: Floats, east: Floats, latitude: float, longitude: float, radius: float
) -> Mask:
    tall = degrees(radius / EARTH_M)
    shrink = cos(radians(min(90.0, abs(latitude) + tall)))
    wide = 180.0 if shrink < 1e-9 else min(180.0, tall / shrink)
    fits: Mask = (south <= latitude + tall) & (north >= latitude - tall)
    turns = [(west <= longitude + turn + wide) & (east >= longitude + turn - wide) for turn in (-360, 0, 360)]
    # Nobody drives half around the world in a box's time: that one crossed the antimeridian.
    return fits & (turns[0] | turns[1] | turns[2] | (east - west > 180))


def _fixes(
    ranges: list[tuple[int, int, int]], start_ms: int, end_ms: int
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Vehicle, time, device, latitude, longitude of the fixes in the ranges, by vehicle, device and time."""
    source, values = listed(ranges)
    found = arrays(
        ["vehicle_id", "time", "device_id", "latitude", "longitude"],
        f"{source} CROSS JOIN {TABLE} WHERE vehicle_id = a AND time >= b AND time <= c "
        "AND time >= %s AND time < %s",
        [*values, start_ms, end_ms],
        order=["vehicle_id", "device_id", "time"],
    )
    vehicle, time, device, lat, lon = found
    # The last fix of a range is the first of the next.
    new = np.r_[True, (np.diff(vehicle) != 0) | (np.diff(device) != 0) | (np.diff(time) != 0)][: len(time)]
    return vehicle[new], time[new], device[new], lat[new], lon[new]


def _passing(lat: Floats, lon: Floats, latitude: float, longitude: float) -> tuple[Floats, Floats]:
    """How near the way from each fix to the next passes (metres), and at which share of it."""
    x = np.radians((lon - longitude + 180) % 360 - 180) * np.cos(np.radians(latitude)) * EARTH_M
    y = np.radians(lat - latitude) * EARTH_M
    dx, dy = np.diff(x), np.diff(y)
    square = np.maximum(dx * dx + dy * dy, 1e-12)
    share = np.clip(-(x[:-1] * dx + y[:-1] * dy) / square, 0.0, 1.0)
    return np.hypot(x[:-1] + share * dx, y[:-1] + share * dy), share
