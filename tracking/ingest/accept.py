"""The one door behind all doors: from a decoded batch to the journal and the live picture."""

from collections import deque
from collections.abc import Callable
from itertools import pairwise

from tracking import journal, live
from tracking.fixes import Batch, Clock, Fix
from tracking.ingest.admission import Source
from tracking.ingest.flush import Flush, flusher

INTERVAL_LEAST_S, INTERVAL_MOST_S = 5.0, 3600.0
GAPS = 5


class Reporter:
    """What is remembered of one device while it reports."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.clock = Clock()
        self._times: deque[int] = deque(maxlen=GAPS + 1)

    def accept(self, batch: Batch, *, received: int, settled: Callable[[], None] | None = None) -> Flush:
        """Queue what the batch holds for the journal; `settled` is called when it is in."""
        who = self.source.who
        entries: list[journal.Entry] = []
        update = None
        if batch.fixes:
            entries.append(journal.Fixes(who.vehicle, who.device, received, batch.fixes))
            update = self._update(batch.fixes, received)
        if batch.rejections:
            entries.append(journal.Refusals(who.vehicle, who.device, received, batch.rejections))
        return flusher().add(*entries, update=update, settled=settled)

    def _update(self, fixes: list[Fix], received: int) -> live.Update:
        fix = fixes[0] if len(fixes) == 1 else max(fixes, key=lambda f: f.time)
        who = self.source.who
        return live.Update(
            fleet=who.fleet,
            vehicle=who.vehicle,
            time=fix.time,
            primary=self.source.primary,
            interval=self._interval(fixes),
            value=live.value(who.vehicle, fix, received),
        )

    def _interval(self, fixes: list[Fix]) -> float | None:
        """The expected seconds between fixes: the median of the last five gaps. Late fixes do not count."""
        times = self._times
        for fix in fixes[-GAPS - 1 :]:
            if not times or fix.time > times[-1]:
                times.append(fix.time)
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        if not gaps:
            return None
        return min(max(gaps[len(gaps) // 2] / 1000, INTERVAL_LEAST_S), INTERVAL_MOST_S)
