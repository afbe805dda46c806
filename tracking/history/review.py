"""A time of a vehicle for the history page: the track as a screen shows it, and what it adds up to."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson

from tracking.fixes import EPOCH, MILLISECOND
from tracking.history import columns, day, outline
from tracking.history.columns import DIGITS, Columns, Ints
from tracking.history.completeness import completeness
from tracking.history.outliers import RULE, outliers
from tracking.models import Assignment

MOST = 5000
LEAST, UTMOST = 100, 50_000  # that a page may ask for
OUTLIERS_SHOWN = 100


def review(vehicle: int, *, start_ms: int, end_ms: int, most: int = MOST) -> dict[str, Any]:
    """What happened from `start_ms` (included) to `end_ms` (not), as docs/PROTOCOL.md §5 has it.

    The arrays are numpy's: encode with `encode`.
    """
    fixes = columns.read(vehicle, start_ms=start_ms, end_ms=end_ms)
    wrong = outliers(fixes)
    kept = fixes.without(wrong)
    done = day.Day()
    breaks = outline.gaps(kept.time)
    shown, tolerance = outline.Outline(np.arange(0), None)
    if len(kept.time):
        places = day.anchors(kept)
        done = day.summary(kept, places)
        shown, tolerance = outline.outline(kept, breaks=breaks, places=places, stops=done.stops, most=most)
    silences = [(int(kept.time[at]), int(kept.time[at + 1])) for at in breaks.tolist()]
    return {
        "from": start_ms,
        "to": end_ms,
        "fixes": len(fixes.time),
        "shown": len(shown),
        "simplified": tolerance is not None,
        "tolerance": None if tolerance is None else round(tolerance, 1),
        "segments": _segments(vehicle, kept, breaks, shown),
        "gaps": silences,
        "stops": [{"from": s.begin, "to": s.end, "lat": s.latitude, "lon": s.longitude} for s in done.stops],
        "metres": round(done.metres, 1),
        "moving_ms": done.moving_ms,
        "top_speed": done.top_speed,
        "outliers": int(wrong.sum()),
        "outlier_fixes": _places(fixes.take(np.flatnonzero(wrong)[:OUTLIERS_SHOWN])),
        "rule": RULE,
        "completeness": _completeness(vehicle, start_ms, end_ms, fixes.time),
        "drivers": drivers(vehicle, start_ms, end_ms),
    }


def encode(answer: dict[str, Any]) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def _segments(vehicle: int, kept: Columns, breaks: Ints, shown: Ints) -> list[dict[str, Any]]:
    """The arrays of each segment; NaN becomes null."""
    others = outline.rest(vehicle, kept, shown)
    place = kept.take(shown)
    edges = [0, *np.searchsorted(shown, breaks, side="right").tolist(), len(shown)]
    found = []
    for begin, end in zip(edges, edges[1:], strict=False):
        if begin == end:
            continue
        part = place.take(slice(begin, end))
        heading, altitude, battery = zip(*others[begin:end], strict=True)
        found.append({
            "time": part.time, "speed": np.round(part.speed, DIGITS["speed"]),
            "lat": np.round(part.latitude, DIGITS["latitude"]),
            "lon": np.round(part.longitude, DIGITS["longitude"]),
            "heading": heading, "altitude": altitude, "battery": battery,
        })  # fmt: skip
    return found


def _places(fixes: Columns) -> list[tuple[int, float, float]]:
    return list(zip(fixes.time.tolist(), fixes.latitude.tolist(), fixes.longitude.tolist(), strict=True))


def _completeness(vehicle: int, start_ms: int, end_ms: int, time: Ints) -> dict[str, Any]:
    known = completeness(vehicle, start_ms, end_ms)
    longest = None
    if len(time) > 1:
        at = int(np.diff(time).argmax())
        longest = (int(time[at]), int(time[at + 1]))
    quarantined = [{"reason": code, "count": count} for code, count in known.quarantined.items()]
    return {**known._asdict(), "quarantined": quarantined, "longest_gap": longest}


def drivers(vehicle: int, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
    """Who drove from when to when (ms), within the time asked for."""
    start, end = (EPOCH + ms * MILLISECOND for ms in (start_ms, end_ms))
    runs = Assignment.objects.filter(vehicle=vehicle, start__lt=end).exclude(end__lte=start)
    return [
        {
            "from": max(start_ms, _ms(run.start)),
            "to": end_ms if run.end is None else min(end_ms, _ms(run.end)),
            "name": run.driver.name,
        }
        for run in runs.select_related("driver").order_by("start")
    ]


def _ms(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // MILLISECOND
