"""How much disk positions take: a forecast for people who decide how long to keep them."""

from typing import Any

from django.db import connection

# One position with its index, measured with 40 vehicles: 200 000 rows (SQLite), 40 000 (PostgreSQL).
BYTES = {"sqlite": 70, "postgresql": 195}
VEHICLES, EVERY_S, HOURS = 40, 10, 8
DAYS = 365
GB = 1e9


def forecast(*, vehicles: int = VEHICLES, every_s: int = EVERY_S) -> dict[str, Any]:
    """`gb` a year when each vehicle reports every so many seconds, HOURS hours a day."""
    position = BYTES[connection.vendor]
    yearly = vehicles * DAYS * HOURS * 3600 // every_s * position
    return {
        "vehicles": vehicles,
        "every_s": every_s,
        "hours": HOURS,
        "gb": yearly / GB,
        "bytes": position,
    }
