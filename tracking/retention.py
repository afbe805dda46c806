"""What is older than its fleet keeps is removed: every night, in batches."""

import contextlib
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.timezone import now

from tracking import live, removal
from tracking.history import segments
from tracking.models import Alert, Assignment, Fleet, Latest, Message, Position, Quarantined, Repeat, Vehicle

log = logging.getLogger("fleetline.retention")


def purge(*, at: datetime | None = None, seconds: float | None = None) -> bool:
    """Remove what is older at `at` than its fleet's `retention_days`; False when `seconds` ended before.

    Positions (the last known one too), messages, quarantined fixes, alerts that are not open, and who drove.
    Doing it again changes nothing: an interrupted run is finished by the next one.
    """
    until = None if seconds is None else time.monotonic() + seconds
    for fleet in Fleet.objects.exclude(retention_days=None):
        end = (at or now()) - timedelta(days=fleet.retention_days or 0)
        removed = 0
        for count in _purge_fleet(fleet, end):
            removed += count
            if count and until is not None and time.monotonic() > until:
                return False
        if removed:
            log.info("fleet %s: removed %d records older than %s", fleet.slug, removed, end.date())
    return True


def _purge_fleet(fleet: Fleet, end: datetime) -> Iterator[int]:
    """The same for one fleet: a step for each vehicle and table where there is something."""
    end_ms = int(end.timestamp() * 1000)
    yield Assignment.objects.filter(vehicle__fleet=fleet, end__lt=end).delete()[0]
    yield _closed(fleet, end_ms).delete()[0]
    older: dict[type[Model], dict[str, Any]] = {
        Position: {"time__lt": end_ms},
        Message: {"created__lt": end},
        Quarantined: {"received__lt": end_ms},
        Repeat: {"start__lt": end_ms - segments.SLOT_MS},
        Latest: {"time__lt": end_ms},
    }
    for model, narrowed in older.items():
        rows = model._default_manager.filter(vehicle=OuterRef("pk"), **narrowed)
        found = Vehicle.objects.filter(Exists(rows), fleet=fleet).values_list("pk", flat=True)
        for vehicle in list(found):
            yield removal.remove_records(model, vehicle, **narrowed)
            if model is Latest and not Latest.objects.filter(vehicle=vehicle).exists():
                _forget(fleet.pk, vehicle)


def _closed(fleet: Fleet, end_ms: int) -> QuerySet[Alert]:
    vehicles = Vehicle.objects.filter(fleet=fleet).values("pk")
    return Alert.objects.filter(vehicle__in=vehicles, last_time__lt=end_ms).exclude(status=Alert.Status.OPEN)


def _forget(fleet: int, vehicle: int) -> None:
    """Nothing is known of it any more: the map must not show it either."""
    with contextlib.suppress(redis.RedisError, OSError):
        live.forget(fleet, [vehicle])
        live.announce([live.refresh(fleet)])
