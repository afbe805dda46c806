"""Where every vehicle was at a moment, and how they moved after it: the time machine.

By the times of the fixes: what arrived later but was made before counts as known. Who was connected
cannot be known from that; `online` says whose last fix was as fresh as its usual interval lets expect.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, Q

from tracking.fixes import EPOCH, MILLISECOND
from tracking.history import segments
from tracking.history.columns import DIGITS, PRIMARY_SILENT_MS, TABLE, Ints, Mask, arrays
from tracking.models import Alert, Device
from tracking.positions import among, listed, numbers
from tracking.states import expected

RECENT = 6  # fixes of a vehicle whose intervals say what to expect
FRESH_MS = 120_000
STEP_MS = 5_000
MAX_POINTS = 250_000
MAX_PLAYED_MS = 3_600_000
PLACE = "time, latitude, longitude, speed, heading, battery, alarm, ignition, accuracy, received"
IGNITION = 8  # in SQLite 0 and 1
Key = tuple[int, int, int]  # vehicle, time, device


class Past(NamedTuple):
    """`items` as in the positions frame; `intervals` in seconds."""

    items: list[list[Any]]
    intervals: dict[int, float]
    online: list[int]


def state_at(vehicles: Iterable[int], at: int) -> Past:
    """The last fix of each vehicle at a moment (ms), for those that had any."""
    recent = _recent([(vehicle, 0, at) for vehicle in sorted(set(vehicles))])
    primary = set(Device.objects.filter(primary=True).values_list("pk", flat=True))
    others = [
        (v, fixes[0][0] - PRIMARY_SILENT_MS, fixes[0][0])
        for v, fixes in recent.items()
        if fixes[0][1] not in primary
    ]
    # The primary device shows its vehicle, unless it was silent for two minutes.
    recent |= _recent(others, primary)
    chosen = {vehicle: fixes[0] for vehicle, fixes in recent.items()}
    intervals: dict[int, float] = {}
    for vehicle, (_, device) in chosen.items():
        times = [t for t, d in reversed(recent[vehicle]) if d == device]
        usual = expected([(b - a) / 1000 for a, b in zip(times, times[1:], strict=False)])
        if usual is not None:
            intervals[vehicle] = usual
    online = [v for v, (time, _) in chosen.items() if at - time <= max(FRESH_MS, 2000 * intervals.get(v, 0))]
    return Past(_places([(v, time, device) for v, (time, device) in chosen.items()]), intervals, online)


def _recent(spans: Sequence[Key], devices: Iterable[int] | None = None) -> dict[int, list[tuple[int, int]]]:
    """The last RECENT fixes in each (vehicle, from ms, to ms), of any device or of some: (time, device).

    The newest first; a vehicle without any is left out.
    """
    if not spans:
        return {}
    joined = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    source, values = listed(spans)
    which, ids = among(devices or ())
    some, asked = (f"AND device_id {which} ", [ids]) if devices is not None else ("", [])
    newest = (
        f"SELECT time, device_id FROM {TABLE} WHERE vehicle_id = a AND time BETWEEN b AND c {some}"  # noqa: S608 (our names)
        f"ORDER BY time DESC, device_id DESC LIMIT {RECENT}"
    )
    found: dict[int, list[tuple[int, int]]] = {}
    with connection.cursor() as cursor:
        # One text a vehicle: SQLite has no LATERAL, and rows one by one take longer.
        cursor.execute(
            f"SELECT a, (SELECT {joined}(time || ',' || device_id, ',') FROM ({newest}) AS n) FROM {source}",  # noqa: S608
            [*asked, *values],
        )
        for vehicle, text in cursor.fetchall():
            if text:
                flat = list(map(int, text.split(",")))
                found[vehicle] = list(zip(flat[::2], flat[1::2], strict=True))
    return found


def _places(keys: Sequence[Key]) -> list[list[Any]]:
    """Positions by key, as the arrays of the positions frame."""
    source, values = listed(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT vehicle_id, {PLACE} FROM {source} CROSS JOIN {TABLE} "  # noqa: S608 (our own names)
            "WHERE vehicle_id = a AND time = b AND device_id = c",
            values,
        )
        rows = [list(row) for row in cursor.fetchall()]
    for row in rows:
        row[IGNITION] = None if row[IGNITION] is None else bool(row[IGNITION])
    return rows


def alerts_at(vehicles: Iterable[int], at: int) -> dict[int, int]:
    """How many alerts of each vehicle were open at a moment (ms)."""
    wanted = set(vehicles)
    taken_later = Q(at=None) | Q(at__gt=EPOCH + at * MILLISECOND)
    rows = Alert.objects.filter(taken_later, time__lte=at).values_list("vehicle").annotate(n=Count("pk"))
    return {vehicle: count for vehicle, count in rows.order_by() if vehicle in wanted}


# --- playing ---------------------------------------------------------------------------------


def tracks(vehicles: Iterable[int], start_ms: int, end_ms: int) -> tuple[int, dict[int, dict[str, Any]]]:
    """How vehicles moved: (milliseconds between two fixes at least, {vehicle: arrays}).

    At most a fix every STEP_MS and vehicle, fewer where that would be more than MAX_POINTS.
    """
    wanted = sorted(set(vehicles))
    held = sum(slot.fixes for slot in segments.between(wanted, start_ms, end_ms))
    points = min(held, len(wanted) * (end_ms - start_ms) // STEP_MS)
    step = STEP_MS * max(1, -(-points // MAX_POINTS))
    names = ["vehicle_id", "time", "device_id", "latitude", "longitude", "speed", "heading"]
    # A vehicle after the other: for any of many, PostgreSQL would rather read a whole month.
    each, ids = numbers(wanted)
    where = f"{each} CROSS JOIN {TABLE} WHERE vehicle_id = number AND time >= %s AND time < %s"
    vehicle, time, device, *rest = arrays(names, where, [ids, start_ms, end_ms], order=names[:3])
    mine = _of_shown(vehicle, time, device)
    vehicle, time = vehicle[mine], time[mine]
    thin = np.flatnonzero(np.r_[True, (np.diff(vehicle) != 0) | (np.diff(time // step) != 0)][: len(time)])
    vehicle, time = vehicle[thin], time[thin]
    rest = [np.round(column[mine][thin], DIGITS[name]) for name, column in zip(names[3:], rest, strict=True)]
    edges = np.flatnonzero(np.r_[True, np.diff(vehicle) != 0, True]) if len(vehicle) else np.zeros(1, int)
    found = {}
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        lat, lon, speed, heading = (column[begin:end] for column in rest)
        found[int(vehicle[begin])] = {
            "time": time[begin:end], "lat": lat, "lon": lon, "speed": speed, "heading": heading,
        }  # fmt: skip
    return step, found


def _of_shown(vehicle: Ints, time: Ints, device: Ints) -> Mask:
    """Which fixes are of the device that showed the vehicle (tracking.history.columns.shown), for many."""
    if len(device) == 0 or not ((np.diff(vehicle) == 0) & (np.diff(device) != 0)).any():
        return np.ones(len(vehicle), bool)
    known = np.array(list(Device.objects.filter(primary=True).values_list("pk", flat=True)), np.int64)
    is_primary = np.isin(device, known)
    # A vehicle's times start above those of the one before it, so that its silence is its own.
    span = int(time.max() - time.min()) + 2 * PRIMARY_SILENT_MS
    order = np.cumsum(np.r_[0, np.diff(vehicle) != 0]) * span + (time - time.min())
    heard = np.maximum.accumulate(np.where(is_primary, order, -PRIMARY_SILENT_MS - 1))
    mine: Mask = is_primary | (order - heard > PRIMARY_SILENT_MS)
    return mine
