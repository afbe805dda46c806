"""Exports: files of one or more tracks, made in the background for one person.

A row says what is wanted and how far it is; the worker of the queue `exports` takes one after another.
The file is the person's as long as they may take every vehicle in it away (dashboard/access.py).
"""

import errno
import logging
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError
from redis import RedisError

from dashboard import access
from dashboard.models import Export
from tracking import jobs
from tracking.fixes import iso, now_ms
from tracking.history import segments
from tracking.models import Vehicle

log = logging.getLogger("fleetline.exports")

FORMATS = {
    "csv": "CSV",
    "geojson": "GeoJSON",
    "gpx": "GPX",
    "kml": "KML",
    "parquet": "GeoParquet",
    "xlsx": "Excel (XLSX)",
}
MAX_VEHICLES = 500  # SQLite takes 900 ids in one statement
MAX_WAITING = 20  # of one person
# Rows without a file are forgotten after so long, and so are files without a row.
KEEP_ROWS, KEEP_STRAYS = timedelta(days=30), timedelta(days=1)
# What `detail` of a failed one says.
WORDS = {
    "disk": gettext_lazy("The server's disk is full."),
    "worker": gettext_lazy("The worker ended each time it tried."),
    "access": gettext_lazy("These vehicles are not yours to take away any more."),
    "error": gettext_lazy("The server made a mistake. It is in the log."),
}
Status = Export.Status


class Refused(Exception):
    """It cannot be started; the message says why, in words for people."""


def folder() -> Path:
    path = settings.DATA / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(export: Export) -> Path:
    """Where the file of a ready export is."""
    return folder() / f"{export.pk}{Path(export.file).suffix}"


# --- for people ------------------------------------------------------------------------------


def start(
    user: User, vehicles: Iterable[Vehicle], formats: Sequence[str], *, first: int, last: int, zone: str
) -> Export:
    """Put an export of the time from `first` (ms, included) to `last` (not) into the queue."""
    ids = [vehicle.pk for vehicle in vehicles]
    wanted = [name for name in FORMATS if name in formats]
    if not ids:
        raise Refused(_("Choose a vehicle first."))
    if len(ids) > MAX_VEHICLES:
        raise Refused(_("At most %(most)d vehicles at once.") % {"most": MAX_VEHICLES})
    if not wanted:
        raise Refused(_("Choose a format first."))
    if last <= first:
        raise Refused(_("The end is before the beginning."))
    with transaction.atomic():
        # Two requests at once count one after the other.
        User.objects.select_for_update().get(pk=user.pk)
        going = user.exports.filter(status__in=[Status.QUEUED, Status.RUNNING])
        if going.count() >= MAX_WAITING:
            raise Refused(_("%(most)d exports are waiting already.") % {"most": MAX_WAITING})
        export = Export.objects.create(
            user=user, formats=wanted, vehicles=ids, start=first, end=last, time_zone=zone
        )
    wake()
    return export


def again(export: Export, user: User) -> Export:
    """The same export once more."""
    vehicles = Vehicle.objects.filter(pk__in=export.vehicles, fleet__in=access.taking(user))
    return start(user, vehicles, export.formats, first=export.start, last=export.end, zone=export.time_zone)


def cancel(export: Export) -> bool:
    """Stop it, or take it out of the queue; False when it had ended. A running one notices within 1 s."""
    going = Export.objects.filter(pk=export.pk, status__in=[Status.QUEUED, Status.RUNNING])
    return bool(going.update(status=Status.CANCELLED, owner="", beat=None, finished=now()))


def remove(export: Export) -> None:
    """Take the row and its file away."""
    cancel(export)
    if export.file:
        path_of(export).unlink(missing_ok=True)
    Export.objects.filter(pk=export.pk).delete()


def wake() -> None:
    """Have the worker look now; beat makes it look within seconds anyway."""
    try:
        current_app.send_task("dashboard.tasks.make_export", queue="exports", expires=60)
    except (RedisError, OSError, OperationalError) as error:
        log.warning("an export waits for beat: %s", error)


# --- for the worker --------------------------------------------------------------------------


def run_next() -> bool:
    """Make the next export; False when there was none."""
    free = Export.objects.filter(status=Status.QUEUED).exclude(
        Exists(Export.objects.filter(user=OuterRef("user"), status=Status.RUNNING))
    )
    export = jobs.take(Export.objects.all(), queued=Status.QUEUED, running=Status.RUNNING, where=free)
    if export is None:
        return False
    _clear(f"{export.pk}-*")  # of a run that died
    run = jobs.Run(Export.objects.all(), export)
    if jobs.hopeless(export):
        run.finish(status=Status.FAILED, detail="worker")
        return True
    with run.alive():
        _make(run)
    return True


def _make(run: jobs.Run[Export]) -> None:
    export = run.row
    part = folder() / f"{export.pk}-{export.owner}.part"
    try:
        _write(run, part)
    except jobs.Stopped:
        log.info("export %d stopped", export.pk)
    except jobs.Leaving:
        run.give_back(Status.QUEUED)
    except access.NotYours:
        run.finish(status=Status.FAILED, detail="access")
    except Exception as error:
        # Without the system's words, by which the supervisor takes a process for a victim of a full disk.
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        log.error("export %d failed", export.pk, exc_info=not full)
        run.finish(status=Status.FAILED, detail="disk" if full else "error")
    finally:
        _clear(f"{part.name}*")


def _clear(pattern: str) -> None:
    for left in folder().glob(pattern):
        _delete(left)


def _delete(path: Path) -> None:
    if path.is_dir():  # rows of a workbook
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _write(run: jobs.Run[Export], part: Path) -> None:
    # Only this worker needs what writes the files.
    from tracking.history.exports import files

    export = run.row
    order = _order(export)
    total = len(export.formats) * sum(_count(subject.vehicle, export) for subject in order.subjects)
    Export.objects.filter(pk=export.pk, owner=export.owner).update(rows_total=total)
    manifest = files.write(part, order, made=iso(now_ms()), advance=run.advance)
    export.file = manifest["file"]
    part.replace(path_of(export))
    ready = run.finish(
        status=Status.READY,
        rows_total=run.done,
        file=manifest["file"],
        size=manifest["bytes"],
        sha256=manifest["sha256"],
        manifest=manifest,
        expires=now() + timedelta(days=settings.EXPORT_DAYS),
    )
    if ready:
        log.info("export %d ready: %d rows, %d bytes", export.pk, run.done, manifest["bytes"])
    else:
        path_of(export).unlink(missing_ok=True)


def _order(export: Export) -> Any:
    """What `files.write` is to write. access.NotYours when the person lost a vehicle of it."""
    from tracking.history.exports import files

    user = access.fresh(export.user)
    if not isinstance(user, User) or not access.may_take(user, export.vehicles):
        raise access.NotYours
    vehicles = Vehicle.objects.filter(pk__in=export.vehicles).select_related("fleet")
    return files.Order(
        subjects=[files.Subject(vehicle.pk, about(vehicle)) for vehicle in vehicles],
        formats=export.formats,
        start=export.start,
        end=export.end,
        zone=export.time_zone,
        by=user.get_username(),
        software=software(),
    )


def about(vehicle: Vehicle) -> Any:
    """Whose track it is, as files say it."""
    from tracking.history.exports.text import About

    device = vehicle.devices.order_by("-primary", "uid").first()
    return About(
        uid=device.uid if device else f"vehicle-{vehicle.pk}", name=vehicle.name, fleet=vehicle.fleet.slug
    )


def _count(vehicle: int, export: Export) -> int:
    return segments.count(vehicle, export.start, export.end)


@lru_cache
def software() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return f"Fleetline {project['version']}"


# --- every hour ------------------------------------------------------------------------------


def purge() -> int:
    """Take files away whose time is over, or of which a vehicle is gone; return how many."""
    moment = now()
    ready = Export.objects.filter(status=Status.READY)
    over = [*ready.filter(expires__lt=moment), *_of_gone(ready.filter(expires__gte=moment))]
    for export in over:
        path_of(export).unlink(missing_ok=True)
        Export.objects.filter(pk=export.pk).update(status=Status.EXPIRED)
    ended = Export.objects.exclude(status__in=[Status.QUEUED, Status.RUNNING, Status.READY])
    ended.filter(finished__lt=moment - KEEP_ROWS).delete()
    _sweep_files()
    return len(over)


def _of_gone(exports: QuerySet[Export]) -> list[Export]:
    wanted = {pk for vehicles in exports.values_list("vehicles", flat=True) for pk in vehicles}
    there = set(Vehicle.objects.values_list("pk", flat=True)) if wanted else set()
    return [export for export in exports if not there.issuperset(export.vehicles)]


def _sweep_files() -> None:
    """Files that no row knows: their person was removed, or a run died long ago."""
    known = {path_of(export).name for export in Export.objects.filter(status=Status.READY)}
    oldest = (now() - KEEP_STRAYS).timestamp()
    for path in folder().iterdir():
        if path.name not in known and path.stat().st_mtime < oldest:
            _delete(path)
