"""Long work kept as rows (tracking/models/job.py): one run at a time does a row, and a row whose
run died is taken again from its beginning.

The lease is in the database, not in the queue: a message that was lost or comes twice costs nothing,
and a worker killed with -9 costs LEASE.
"""

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Generic, TypeVar

from celery.signals import worker_shutting_down
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils.timezone import now

from tracking.models import Job

log = logging.getLogger("fleetline.jobs")

LEASE = timedelta(seconds=15)
BEAT_S = 1.0
# A job that took its worker down so often would do so again.
MAX_ATTEMPTS = 3
J = TypeVar("J", bound=Job)

_leaving = threading.Event()


class Stopped(Exception):
    """The row is not this run's any more: it was cancelled, or somebody else has taken it."""


class Leaving(Exception):
    """This process is being stopped; the row goes back into the queue."""


@worker_shutting_down.connect(weak=False)
def leave(**_: object) -> None:
    """Give the job in hand back now: what starts next takes it again, without waiting for a lease."""
    _leaving.set()


def take(
    rows: models.QuerySet[J], *, queued: str, running: str, where: models.QuerySet[J] | None = None
) -> J | None:
    """The next row to do, which is this run's from now on; None when there is none.

    The oldest that is `queued` (and in `where`, if given), or one whose run has not said for LEASE that
    it lives. Its `owner` is new: another run that still thinks it has the row finds out.
    """
    dead = rows.filter(status=running, beat__lt=now() - LEASE)
    waiting = rows.filter(status=queued) if where is None else where
    for seen in [*dead.order_by("created")[:5], *waiting.order_by("created", "pk")[:20]]:
        owner = uuid.uuid4().hex
        status = seen.status  # type: ignore[attr-defined]  # each job has its own words
        mine = rows.filter(pk=seen.pk, status=status, owner=seen.owner)
        try:
            with transaction.atomic():
                taken = mine.update(
                    status=running, owner=owner, beat=now(), started=now(), rows_done=0, detail="",
                    attempts=F("attempts") + 1,
                )  # fmt: skip
        except IntegrityError:  # one running a person: another worker was quicker
            continue
        if taken:
            return rows.get(pk=seen.pk)
    return None


class Run(Generic[J]):
    """A row in hand. Set `done` as the rows go; a thread writes it down and finds out whether to go on."""

    def __init__(self, rows: models.QuerySet[J], row: J) -> None:
        status = row.status  # type: ignore[attr-defined]
        self._mine = rows.filter(pk=row.pk, owner=row.owner, status=status)
        self.row = row
        self.done = 0
        self._lost = threading.Event()
        self._over = threading.Event()

    def advance(self, count: int) -> None:
        """So many more rows are done. Stopped or Leaving when there is no use in going on."""
        self.done += count
        if self._lost.is_set():
            raise Stopped
        if _leaving.is_set():
            raise Leaving

    def finish(self, **values: object) -> bool:
        """Write the end down; False when the row is not this run's any more."""
        values = {"rows_done": self.done, "finished": now(), **values}
        return bool(self._mine.update(owner="", beat=None, **values))

    def give_back(self, queued: str) -> None:
        self._mine.update(status=queued, owner="", beat=None, rows_done=0, attempts=F("attempts") - 1)

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT_S):
                try:
                    if not self._mine.update(beat=now(), rows_done=self.done):
                        self._lost.set()
                        return
                except DatabaseError as error:  # away for a moment: the lease says whether for too long
                    log.warning("job %s: %s", self.row, error)
        finally:
            connection.close()

    @contextmanager
    def alive(self) -> Iterator["Run[J]"]:
        """Say that this run lives while the block runs."""
        thread = threading.Thread(target=self._beat, name=f"beat of {self.row}", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()


def hopeless(job: Job) -> bool:
    return job.attempts > MAX_ATTEMPTS
