"""A track as a screen can show it: its shape, gaps, stops and extremes of speed in a few thousand fixes."""

from statistics import median_low
from typing import Any, NamedTuple

import numpy as np
import shapely
from django.db import connection

from tracking.geo import EARTH_M
from tracking.history.columns import TABLE, Columns, Floats, Ints, Mask
from tracking.history.day import Stop
from tracking.history.tracks import GAP_MS, GAP_TIMES, USUAL_INTERVALS
from tracking.positions import numbers

# GEOS walks a line by recursion: pieces keep it shallow, whatever somebody drove.
PIECE = 2000
FINEST_M = 1.0
COARSER, MUCH_COARSER = 1.5, 1.5**2
SAMPLE = 8
WORLD_M = 2e7
OTHERS = "heading, altitude, battery"
NOTHING = (None, None, None)  # removed since
EXTREMES = 4  # a quarter of the fixes shown are for the speeds
READ_ALL = 4  # of so many fixes for each one shown, all are read to find their other columns


class Outline(NamedTuple):
    """Numbers of the fixes to show, in order; how far from the line one left out may be (metres)."""

    shown: Ints
    tolerance: float | None


def gaps(time: Ints) -> Ints:
    """Where the line breaks: numbers of the fixes after which nothing was heard for too long.

    The rule of tracking.history.tracks.runs, for all at once.
    """
    if len(time) < 2:
        return np.zeros(0, np.int64)
    intervals = np.diff(time)
    before = intervals[:USUAL_INTERVALS]
    usual = np.r_[before, intervals]
    return np.array(
        [
            at
            for at in np.flatnonzero(intervals > GAP_MS).tolist()
            if intervals[at]
            > GAP_TIMES
            * median_low(usual[max(0, at + len(before) - USUAL_INTERVALS) : at + len(before)].tolist())
        ],
        np.int64,
    )


def outline(fixes: Columns, *, breaks: Ints, places: Ints, stops: list[Stop], most: int) -> Outline:
    """At most about `most` fixes: the ends of segments and stops, extremes of speed, then the shape.

    `breaks` as of `gaps`, `places` as of day.anchors: whoever stands draws no star.
    """
    count = len(fixes.time)
    if count <= most:
        return Outline(np.arange(count), None)
    keep = np.zeros(count, bool)
    keep[[0, -1]] = True
    keep[breaks] = keep[breaks + 1] = True
    moments = [time for stop in stops for time in (stop.begin, stop.end) if time is not None]
    keep[np.searchsorted(fixes.time, moments)] = True
    keep[_extremes(fixes.speed, most // EXTREMES)] = True
    points = keep.copy()
    points[places] = True
    at = np.flatnonzero(points)
    line = _Line(*_flat(fixes, at), np.searchsorted(breaks, at, side="left"), keep[at])
    left, tolerance = line.simplified(max(most, 2 * int(keep.sum())))
    return Outline(at[left], tolerance)


def _extremes(speed: Floats, most: int) -> Ints:
    """The fastest and the slowest fix of each of `most` / 2 equal parts."""
    starts = np.linspace(0, len(speed), max(most // 2, 1), endpoint=False).astype(np.int64)
    ends = np.r_[starts[1:], len(speed)]
    known = np.where(np.isnan(speed), 0.0, speed)
    found: set[int] = set()
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = known[start:end]
        found.add(start + int(part.argmax()))
        found.add(start + int(part.argmin()))
    return np.array(sorted(found), np.int64)


class _Line(NamedTuple):
    """Points on a plane (metres), the segment of each, and which of them stay whatever their shape."""

    x: Floats
    y: Floats
    segment: Ints
    fixed: Mask

    def simplified(self, most: int) -> tuple[Ints, float]:
        """Douglas and Peucker's line, as fine as there is room for: its points and its tolerance."""
        # A part of the pieces says how coarse it will have to be.
        part = left = np.flatnonzero(np.arange(len(self.x)) // PIECE % SAMPLE == 0)
        guess = FINEST_M
        while len(left := self._at(left, guess)) * len(self.x) > most * len(part) and guess < WORLD_M:
            guess *= MUCH_COARSER
        step = tolerance = max(FINEST_M, guess / MUCH_COARSER)
        left = self._at(np.arange(len(self.x)), step)
        while len(left) > most:
            step *= COARSER
            tolerance += step
            left = self._at(left, step)
        return left, tolerance

    def _at(self, left: Ints, tolerance: float) -> Ints:
        """Which of the points `left` remain: line by line between those that stay, which both lines have."""
        begins = np.r_[True, np.diff(self.segment[left]) > 0]
        ends = np.r_[begins[1:], True]
        cut = (self.fixed[left] | (np.arange(len(left)) % PIECE == 0)) & ~begins & ~ends
        copies = np.repeat(np.arange(len(left)), 1 + cut)
        again = np.r_[False, copies[1:] == copies[:-1]]
        piece = np.cumsum(begins[copies] | again) - 1
        keep = np.zeros(len(self.x), bool)
        keep[left[begins | ends]] = True
        lines = np.bincount(piece)[piece] > 1
        if lines.any():
            which = left[copies[lines]]
            points = np.column_stack([self.x[which], self.y[which], which])
            number = np.cumsum(np.diff(piece[lines], prepend=-1) > 0) - 1
            made = shapely.linestrings(points, indices=number)
            simple = shapely.simplify(made, tolerance, preserve_topology=False)
            keep[shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.int64)] = True
        return np.flatnonzero(keep)


def _flat(fixes: Columns, at: Ints) -> tuple[Floats, Floats]:
    """Metres on a plane, right near each fix: longitudes shrink with the latitude of the piece."""
    latitude, longitude = fixes.latitude[at], np.unwrap(fixes.longitude[at], period=360)
    middle = float(longitude.mean())
    shrink = np.cos(np.radians(latitude))
    east = np.r_[0.0, np.cumsum(np.diff(longitude) * (shrink[1:] + shrink[:-1]) / 2)]
    east += (longitude[0] - middle) * shrink[0]
    return np.radians(east) * EARTH_M, np.radians(latitude) * EARTH_M


def rest(vehicle: int, fixes: Columns, shown: Ints) -> list[tuple[Any, ...]]:
    """Heading, altitude and battery of the fixes shown, in their order."""
    if len(shown) == 0:
        return []
    keys = list(zip(fixes.time[shown].tolist(), fixes.device[shown].tolist(), strict=True))
    source, where, values = TABLE, "time >= %s AND time <= %s", [vehicle, keys[0][0], keys[-1][0]]
    if len(fixes.time) > READ_ALL * len(shown):
        listed, times = numbers([time for time, _ in keys])
        source, where, values = f"{listed} CROSS JOIN {TABLE}", "time = number", [times, vehicle]
    query = f"SELECT time, device_id, {OTHERS} FROM {source} WHERE vehicle_id = %s AND {where}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found = {row[:2]: row[2:] for row in cursor.fetchall()}
    return [found.get(key, NOTHING) for key in keys]
