"""Whether positions reach the journal and the database."""

from typing import Any

import redis
from django.db import DatabaseError, connection

from tracking import journal


def healthy() -> tuple[bool, dict[str, Any]]:
    """(whether all is well, what /healthz shows)."""
    try:
        length, lag = journal.backlog(journal.connect())
        state: dict[str, Any] = {"redis": "ok", "journal": {"length": length, "lag_seconds": round(lag, 3)}}
    except (redis.RedisError, OSError) as error:
        state = {
            "redis": f"{type(error).__name__}: {error}",
            "journal": {"length": None, "lag_seconds": None},
        }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        state["database"] = "ok"
    except DatabaseError as error:
        state["database"] = f"{type(error).__name__}: {error}"
    return state["redis"] == state["database"] == "ok", state
