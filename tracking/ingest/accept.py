"""The one door behind all doors: from a decoded batch to the journal and the live picture.

What can be done once a flush is not done here, once a frame: a device's live value is encoded, and
its interval reckoned, only for the newest fix that a flush holds of it.
"""

from collections import deque
from itertools import pairwise

from tracking import journal, live
from tracking.fixes import Batch, Clock, Fix
from tracking.ingest.admission import Source
from tracking.ingest.flush import Flush, flusher

INTERVAL_LEAST_S, INTERVAL_MOST_S = 5.0, 3600.0
GAPS = 5


class Pace:
    """How often a device reports: the times of its last fixes, late ones left out."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=GAPS + 1)

    def note(self, fixes: list[Fix]) -> None:
        times = self._times
        for fix in fixes[-GAPS - 1 :]:
            if not times or fix.time > times[-1]:
                times.append(fix.time)

    def interval(self) -> float | None:
        """The expected seconds between fixes: the median of the last five gaps."""
        gaps = sorted(later - earlier for earlier, later in pairwise(self._times))
        if not gaps:
            return None
        return min(max(gaps[len(gaps) // 2] / 1000, INTERVAL_LEAST_S), INTERVAL_MOST_S)


class Reporter:
    """What is remembered of one device while it reports."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.clock = Clock()
        self._flusher = flusher()
        self._pace = Pace()

    def accept(self, batch: Batch, *, received: int) -> Flush:
        """Queue what the batch holds; return the flush that takes it to the journal."""
        who = self.source.who
        flush = self._flusher.open()
        fixes = batch.fixes
        if fixes:
            flush.add(journal.Fixes(who.vehicle, who.device, received, fixes), len(fixes))
            newest = fixes[0] if len(fixes) == 1 else max(fixes, key=lambda f: f.time)
            self._pace.note(fixes)
            flush.moved(self, newest, received)
        if batch.rejections:
            refusals = journal.Refusals(who.vehicle, who.device, received, batch.rejections)
            flush.add(refusals, len(batch.rejections))
        return flush

    @property
    def device(self) -> int:
        return self.source.who.device

    def update(self, fix: Fix, received: int) -> live.Update:
        """What the live picture is told of the device: its newest fix."""
        who = self.source.who
        return live.Update(
            fleet=who.fleet,
            vehicle=who.vehicle,
            time=fix.time,
            primary=self.source.primary,
            interval=self._pace.interval(),
            value=live.value(who.vehicle, fix, received),
        )
