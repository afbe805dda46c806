"""Imports of tracks, as people start and end them. What they do: tracking/history/imports/work.py."""

import logging
from typing import Any

from celery import current_app
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError
from redis import RedisError

from tracking.history.imports import work
from tracking.models import Import, Vehicle

log = logging.getLogger("fleetline.imports")

# Looked at while the page waits; a larger one by the worker.
AT_ONCE_BYTES = 2_000_000
WORDS = {
    "disk": gettext_lazy("The server's disk is full."),
    "worker": gettext_lazy("The worker ended each time it tried."),
    "error": gettext_lazy("The server made a mistake. It is in the log."),
}
Status = Import.Status


def upload(vehicle: Vehicle, file: "UploadedFile[bytes]", *, by: User) -> Import:
    """Keep a file, and look at it: now when it is small. OSError when there is no room for it."""
    size = file.size or 0
    row = Import.objects.create(
        vehicle=vehicle, user=by, user_name=by.get_username(), name=(file.name or "")[:200], size=size
    )
    try:
        with work.upload_of(row).open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
    except OSError:
        work.forget(row)
        raise
    _look(row)
    return row


def _look(row: Import) -> None:
    if row.size <= AT_ONCE_BYTES:
        work.look(row)
    else:
        wake()


def settle(row: Import, *, zone: str, unit: str, start: bool, by: User) -> bool:
    """Read it with this zone and unit, and store it when `start`; False when it needs a zone first.

    What was previewed is what is stored: with another zone or unit it is looked at again first.
    """
    previewed = Import.objects.filter(pk=row.pk, status=Status.PREVIEW)
    now = row.speed_unit or row.preview.get("speed_unit", "")
    if zone != row.time_zone or (unit or now) != now:
        values: dict[str, Any] = {"time_zone": zone, "speed_unit": unit or now, "owner": "", "beat": None}
        if previewed.update(status=Status.READING, **values):
            _look(row)
        return True
    if not start:
        return True
    if row.preview.get("without_zone") and not row.time_zone:
        return False
    if previewed.update(status=Status.QUEUED, user=by, user_name=by.get_username(), owner="", beat=None):
        log.info("%s imports %s into vehicle %d", by.get_username(), row.pk, row.vehicle_id)
    return True


def discard(row: Import) -> bool:
    """Take away an import of which nothing was stored."""
    waits = Import.objects.filter(pk=row.pk, status__in=[Status.READING, Status.PREVIEW, Status.FAILED])
    with transaction.atomic():
        if not waits.exists() or work.holds(row):
            return False
        work.forget(row)
    return True


def wake() -> None:
    """Have the worker look now; beat makes it look within seconds anyway."""
    try:
        current_app.send_task("tracking.tasks.work_imports", queue="exports", expires=60)
    except (RedisError, OSError, OperationalError) as error:
        log.warning("an import waits for beat: %s", error)
