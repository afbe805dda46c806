"""Imports as jobs: looked at, stored through the journal, undone (docs/DESIGN.md).

Every import is a device of its own that nothing can connect as (tracking/models/imports.py), so its
fixes are known by their device number. They go the way of all fixes, validation, journal, archive, but
are history only: they move no marker and open no alert.
"""

import csv
import errno
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db.models import Q
from django.utils.timezone import now

from tracking import jobs, journal, removal
from tracking.database import IDS
from tracking.fixes import Fix, iso, now_ms
from tracking.history.exports.csv import harmless
from tracking.history.imports.raw import Unreadable
from tracking.history.imports.walk import Chunk, Walk
from tracking.models import Import, Position, Quarantined, Repeat

log = logging.getLogger("fleetline.imports")

MAX_FIXES = 5_000_000
ROWS_SHOWN, BAD_SHOWN, BAD_LISTED = 8, 20, 20_000
# Live positions must not wait behind an import: it waits while so many are to be archived.
BACKLOG = 20_000
PAUSE_S = 0.05
CLOCKS_S = 0.02  # ours and Redis' may differ in the last digit
# A run that was told to stop has done so by then.
STOPS_WITHIN = timedelta(seconds=5)
KEEP_UPLOADS = timedelta(days=1)
Status = Import.Status
STEPS = (Status.READING, Status.RUNNING, Status.UNDOING)


def folder() -> Path:
    path = settings.DATA / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def upload_of(row: Import) -> Path:
    return folder() / f"{row.pk}.upload"


def bad_of(row: Import) -> Path:
    """The rows that were left out, the first BAD_LISTED of them, as CSV: line, reason, content."""
    return folder() / f"{row.pk}.bad.csv"


def forget(row: Import) -> None:
    """Take an import away of which nothing is stored."""
    for path in (upload_of(row), bad_of(row)):
        path.unlink(missing_ok=True)
    Import.objects.filter(pk=row.pk).delete()


# --- taking them -----------------------------------------------------------------------------


def run_next() -> bool:
    """Do the next step of an import; False when there was none."""
    return any(_step(status, Import.objects.all()) for status in STEPS)


def look(row: Import) -> bool:
    """Look at a small file at once instead of in the queue."""
    return _step(Status.READING, Import.objects.filter(pk=row.pk))


def _step(status: Status, rows: Any) -> bool:
    waiting = Status.QUEUED if status == Status.RUNNING else status
    free = rows.filter(Q(beat=None) | Q(beat__lt=now() - STOPS_WITHIN), status=waiting, owner="")
    row = jobs.take(rows, queued=waiting, running=status, where=free)
    if row is None:
        return False
    run = jobs.Run(Import.objects.all(), row)
    if jobs.hopeless(row):
        run.finish(status=Status.FAILED, detail="worker")
        return True
    work = {Status.READING: _look, Status.RUNNING: _store, Status.UNDOING: _undo}[status]
    with run.alive(), _said(run, waiting):
        work(run)
    return True


@contextmanager
def _said(run: jobs.Run[Import], waiting: str) -> Iterator[None]:
    """What goes wrong in it ends the job, with words."""
    try:
        yield
    except jobs.Stopped:
        log.info("import %d stopped", run.row.pk)
    except jobs.Leaving:
        run.give_back(waiting)
    except Unreadable as error:
        run.finish(status=Status.FAILED, detail=str(error)[:500])
    except Exception as error:
        # Without the system's words, by which the supervisor takes a process for a victim of a full disk.
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        log.error("import %d failed", run.row.pk, exc_info=not full)
        run.finish(status=Status.FAILED, detail="disk" if full else "error")


# --- looking ---------------------------------------------------------------------------------


def _look(run: jobs.Run[Import]) -> None:
    """Read the whole file once and write down what was understood."""
    row = run.row
    walk = Walk(upload_of(row), zone=row.time_zone, speed_unit=row.speed_unit, received=now_ms())
    seen = Seen()
    duplicates = 0
    with bad_of(row).open("w", newline="", encoding="utf-8") as file:
        left_out = csv.writer(file)
        left_out.writerow(["line", "reason", "content"])
        for chunk in walk.chunks():
            duplicates += len(chunk.fixes) - len(_new(row, chunk.fixes))
            room = max(0, BAD_LISTED - seen.bad)
            seen.add(chunk)
            left_out.writerows(
                (bad.where, harmless(bad.reason), harmless(bad.content)) for bad in chunk.bad[:room]
            )
            run.advance(chunk.rows)
            if run.done > MAX_FIXES:
                raise Unreadable(f"more than {MAX_FIXES} rows: split the file")
    source = walk.source
    preview = {
        "kind": source.kind,
        "columns": [pair for pair in source.columns if pair[1]],
        "kept": [name for name, field in source.columns if not field],
        "speed_unit": source.speed_unit,
        "ask_unit": source.ask_unit,
        "without_zone": walk.without_zone,
        **seen.words(),
    }
    run.finish(
        status=Status.PREVIEW, preview=preview, rows_total=run.done, start=seen.start, end=seen.end,
        bad=seen.bad, duplicates=duplicates, attempts=0,
    )  # fmt: skip


class Seen:
    """What a preview shows of the rows."""

    def __init__(self) -> None:
        self.start: int | None = None
        self.end: int | None = None
        self.fixes = self.bad = self.alarms = 0
        self._first: list[dict[str, Any]] = []
        self._bad: list[tuple[int, str]] = []

    def add(self, chunk: Chunk) -> None:
        self.fixes += len(chunk.fixes)
        self.bad += len(chunk.bad)
        self.alarms += sum(fix.alarm is not None for fix in chunk.fixes)
        self._bad += [(bad.where, bad.reason) for bad in chunk.bad[: BAD_SHOWN - len(self._bad)]]
        if chunk.fixes:
            times = [fix.time for fix in chunk.fixes]
            self.start = min(times) if self.start is None else min(self.start, *times)
            self.end = max(times) if self.end is None else max(self.end, *times)
        room = ROWS_SHOWN - len(self._first)
        pairs = zip(chunk.wheres[:room], chunk.fixes[:room], strict=True)
        self._first += [_shown(where, fix) for where, fix in pairs]

    def words(self) -> dict[str, Any]:
        return {"fixes": self.fixes, "alarms": self.alarms, "rows": self._first, "bad_rows": self._bad}


def _shown(where: int, fix: Fix) -> dict[str, Any]:
    names = ("latitude", "longitude", "speed", "heading", "altitude", "battery")
    return {"where": where, "time": iso(fix.time), **{name: getattr(fix, name) for name in names}}


def _new(row: Import, fixes: list[Fix]) -> list[Fix]:
    """Those whose time the vehicle has no position of yet; what this import itself stored counts as new."""
    taken: set[int] = set()
    times = sorted({fix.time for fix in fixes})
    for first in range(0, len(times), IDS):
        there = Position.objects.filter(vehicle=row.vehicle_id, time__in=times[first : first + IDS])
        taken.update(there.exclude(device=row.device).values_list("time", flat=True))
    found: dict[int, Fix] = {}
    for fix in fixes:
        if fix.time not in taken:
            found.setdefault(fix.time, fix)
    return list(found.values())


# --- storing ---------------------------------------------------------------------------------


def _store(run: jobs.Run[Import]) -> None:
    """Put the fixes into the journal, wait until the database has them, and count.

    Again from the beginning after a worker died: what is there already is the same fix.
    """
    row = run.row
    received = now_ms()
    walk = Walk(upload_of(row), zone=row.time_zone, speed_unit=row.speed_unit, received=received)
    with journal.connect() as client:
        for chunk in walk.chunks():
            fixes = _new(row, chunk.fixes)
            if fixes:
                _append(run, client, journal.Fixes(row.vehicle_id, row.device, received, fixes))
            run.advance(chunk.rows)
        _settle(run, client)
    stored = _count(row)
    run.finish(
        status=Status.DONE, rows_total=run.done, duplicates=run.done - row.bad - stored, attempts=0,
    )  # fmt: skip
    upload_of(row).unlink(missing_ok=True)
    log.info("import %d: %d of %d positions stored", row.pk, stored, run.done)


def holds(row: Import) -> bool:
    """Whether something of it is stored."""
    return _count(row) > 0


def _count(row: Import) -> int:
    if row.start is None or row.end is None:
        return 0
    there = Position.objects.filter(vehicle=row.vehicle_id, time__gte=row.start, time__lte=row.end)
    return there.filter(device=row.device).count()


def _append(run: jobs.Run[Import], client: "redis.Redis[bytes]", entry: journal.Fixes) -> None:
    """Into the journal, when there is room and the archive keeps up."""
    while True:
        length = int(client.get(f"{journal.stream(journal.shard_of(entry.vehicle))}:length") or 0)
        if length < BACKLOG:
            pipe: Any = client.pipeline(transaction=False)
            journal.append(pipe, [entry])
            if journal.FULL not in pipe.execute():
                return
        run.advance(0)
        time.sleep(PAUSE_S)


def _settle(run: jobs.Run[Import], client: "redis.Redis[bytes]") -> None:
    """Wait until the archive has taken what is in the journal now."""
    begun = time.monotonic()
    while True:
        waited = time.monotonic() - begun
        length, age = journal.backlog(client)
        if not length or age < waited - CLOCKS_S:
            return
        run.advance(0)
        time.sleep(PAUSE_S)


# --- undoing ---------------------------------------------------------------------------------


def undo(row: Import, *, by: str) -> bool:
    """Take every fix of an import away again, also of one that runs; False when there is nothing to undo."""
    able = [Status.QUEUED, Status.RUNNING, Status.DONE, Status.FAILED]
    found = Import.objects.filter(pk=row.pk, status__in=able)
    running = found.filter(status=Status.RUNNING)
    values: dict[str, Any] = {"status": Status.UNDOING, "owner": "", "undone_by_name": by, "attempts": 0}
    # A run that is under way finds out within a second; until then nothing is taken away.
    return bool(running.update(beat=now(), **values) or found.update(beat=None, **values))


def _undo(run: jobs.Run[Import]) -> None:
    row = run.row
    with journal.connect() as client:
        _settle(run, client)
    if row.start is not None and row.end is not None:
        span = {"time__gte": row.start, "time__lte": row.end}
        removal.remove_records(Position, row.vehicle_id, device=row.device, **span)
        Repeat.objects.filter(vehicle=row.vehicle_id, device=row.device).delete()
    Quarantined.objects.filter(device=row.device).delete()
    upload_of(row).unlink(missing_ok=True)
    run.finish(status=Status.UNDONE, attempts=0)
    log.info("import %d undone", row.pk)


# --- every hour ------------------------------------------------------------------------------


def purge() -> None:
    """Take away what nobody started, and files of rows that are gone."""
    old = now() - KEEP_UPLOADS
    for row in Import.objects.filter(status__in=[Status.PREVIEW, Status.FAILED], created__lt=old):
        if not holds(row):
            forget(row)
    known = {str(pk) for pk in Import.objects.values_list("pk", flat=True)}
    for path in folder().iterdir():
        if path.name.partition(".")[0] not in known:
            path.unlink(missing_ok=True)
