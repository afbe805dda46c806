"""Rows as the database returns them, and how they read in a file."""

from typing import Any

from tracking.history.exports.text import About
from tracking.history.tracks import Row

T0 = 1_763_884_800_000  # 2025-11-23T08:00:00Z
VAN = About(uid="van-7", name="Van 7", fleet="north")


def row(time: int = T0, latitude: float = 57.7, longitude: float = 11.97, **known: Any) -> Row:
    names = ("altitude", "speed", "heading", "accuracy", "battery", "ignition", "odometer", "alarm")
    values = [known.get(name) for name in names]
    received, attributes, device = (
        known.get("received", time + 210),
        known.get("attributes"),
        known.get("device", 1),
    )
    return (time, latitude, longitude, *values, received, attributes, device)


def drive(count: int, *, start: int = T0, step_ms: int = 1000, **known: Any) -> list[Row]:
    """A fix a step, each a little further north-east."""
    return [row(start + i * step_ms, 57.7 + i * 1e-5, 11.97 + i * 2e-5, **known) for i in range(count)]
