"""Recorded tracks from files as lists of positions by track, read as an import reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracking.history.imports.raw import Bad, Unreadable
from tracking.history.imports.read import read as read_file
from tracking.history.imports.times import Times

Item = dict[str, Any]  # a position as it goes over the wire; `time` in ms since the epoch

ENDINGS = (".gpx", ".kml", ".csv", ".geojson", ".json", ".rec")
FIELDS = ("altitude", "speed", "heading", "accuracy")
__all__ = ["Item", "Recording", "Unreadable", "played", "read"]


class Recording:
    """The positions of a file by track, and what had to be assumed to read them."""

    def __init__(self) -> None:
        self.tracks: dict[str, list[Item]] = {}
        self.without_time = 0
        self._times = Times(None)

    @property
    def without_zone(self) -> int:
        """Times that were taken as UTC."""
        return self._times.without_zone

    def add(self, track: str, found: Item) -> None:
        """Add a position; one without a time is counted and left out. ValueError when unreadable."""
        if found.get("time") in (None, ""):
            self.without_time += 1
            return
        item: Item = {
            "time": self._times.read(found["time"], track),
            "latitude": float(found["latitude"]),
            "longitude": float(found["longitude"]),
        }
        item |= {name: float(found[name]) for name in FIELDS if found.get(name) is not None}
        self.tracks.setdefault(track, []).append(item)


def read(path: Path) -> Recording:
    """Read a file of ENDINGS. Unreadable names the place; OSError when it cannot be opened."""
    if path.suffix.lower() not in ENDINGS:
        raise Unreadable(f"{path.name}: a file of {', '.join(ENDINGS)} can be played")
    recording = Recording()
    try:
        for row in read_file(path).rows:
            if isinstance(row, Bad):
                raise Unreadable(f"line {row.where}: {row.reason}")
            try:
                recording.add(row.track, row.item)
            except (ValueError, KeyError, TypeError, OverflowError) as error:
                raise Unreadable(f"line {row.where}: {error}") from error
    except Unreadable as error:
        raise Unreadable(f"{path.name}, {error}") from error
    return recording


# --- playing -------------------------------------------------------------------------------


def played(
    tracks: dict[str, list[Item]], *, speed: float, max_pause_s: float
) -> Iterator[tuple[float, Item]]:
    """Yield (seconds to wait before it, position): tracks one after another by their first time, each
    in order of time. Recorded pauses are cut to `max_pause_s`, then everything goes `speed` times as fast."""
    before: int | None = None
    for track in sorted(tracks.values(), key=lambda items: min(item["time"] for item in items)):
        for item in sorted(track, key=lambda item: item["time"]):
            pause = 0.0 if before is None else abs(item["time"] - before) / 1000
            before = item["time"]
            yield min(pause, max_pause_s) / speed, item
