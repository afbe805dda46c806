"""The one door behind all doors: from a decoded batch to the journal and the live picture.

What can be done once a flush is not done here, once a frame: a device's live value is encoded, and
its interval reckoned, only for the newest fix that a flush holds of it.
"""

import itertools
from operator import sub
from typing import Any

import msgspec

from tracking import devices, fittings, journal, live
from tracking.fixes import MAX_RAW_CHARS, Batch, Clock, Fix, Rejection
from tracking.ingest.admission import Source
from tracking.ingest.flush import Flush, flusher

INTERVAL_LEAST_S, INTERVAL_MOST_S = 5.0, 3600.0
GAPS = 5
# What a fix that waits is written down as; its attributes are JSON already.
FIELDS = tuple(name for name in Fix.__struct_fields__ if name != "attributes")


class Pace:
    """How often a device reports: the times of its last fixes, late ones left out."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: list[int] = []  # an empty deque takes ten times the memory

    def note(self, fixes: list[Fix]) -> None:
        times = self._times
        for fix in fixes[-GAPS - 1 :]:
            if not times or fix.time > times[-1]:
                times.append(fix.time)
        if len(times) > GAPS + 1:
            del times[: -GAPS - 1]

    def interval(self) -> float | None:
        """The expected seconds between fixes: the median of the last five gaps."""
        gaps: list[int] = sorted(map(sub, self._times[1:], self._times))
        if not gaps:
            return None
        return min(max(gaps[len(gaps) // 2] / 1000, INTERVAL_LEAST_S), INTERVAL_MOST_S)


def hold(batch: Batch, *, uid: str) -> None:
    """Turn fixes of a device that waits to be accepted into refusals that can be replayed then."""
    others = {rejection.index for rejection in batch.rejections}
    places = (place for place in itertools.count() if place not in others)
    for index, fix in zip(places, batch.fixes, strict=False):
        content = {name: value for name in FIELDS if (value := getattr(fix, name)) is not None}
        if fix.attributes is not None and len(fix.attributes) < MAX_RAW_CHARS:
            content["attributes"] = msgspec.Raw(fix.attributes.encode())
        raw = msgspec.json.encode(content).decode()
        batch.rejections.append(Rejection(index, f"{uid} waits to be accepted", raw, code=devices.PENDING))
    batch.fixes.clear()


class Reporter:
    """What is remembered of one device while it reports."""

    __slots__ = ("_flusher", "_pace", "_refusal", "_refused", "_told", "clock", "heard", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.clock = Clock()
        self.heard = 0
        self._flusher = flusher()
        self._pace = Pace()
        self._told = self._refused = 0
        self._refusal = ""

    def accept(self, batch: Batch, *, received: int) -> Flush:
        """Queue what the batch holds; return the flush that takes it to the journal."""
        source = self.source
        who = source.who
        flush = self._flusher.open()
        if source.pending:
            hold(batch, uid=source.uid)
        fixes = batch.fixes
        self.heard += len(fixes) + len(batch.rejections)
        if fixes and source.spans:
            fixes = self._past(flush, fixes, received)
        if fixes:
            flush.add(journal.Fixes(who.vehicle, who.device, received, fixes), len(fixes))
            newest = fixes[0] if len(fixes) == 1 else max(fixes, key=lambda f: f.time)
            self._pace.note(fixes)
            flush.moved(self, newest, received)
        if batch.rejections:
            self._refused += len(batch.rejections)
            self._refusal = batch.rejections[-1].detail
            refusals = journal.Refusals(who.vehicle, who.device, received, batch.rejections)
            flush.add(refusals, len(batch.rejections))
        return flush

    def _past(self, flush: Flush, fixes: list[Fix], received: int) -> list[Fix]:
        """Queue the fixes that a moved device made in other vehicles for those; return the present one's."""
        who, spans = self.source.who, self.source.spans
        if spans[-1][1] == who.vehicle and all(fix.time >= spans[-1][0] for fix in fixes):
            return fixes
        parts = fittings.split(spans, fixes)
        present = parts.pop(who.vehicle, [])
        for vehicle, mine in parts.items():
            flush.add(journal.Fixes(vehicle, who.device, received, mine), len(mine))
        return present

    def take_counts(self) -> dict[str, Any]:
        """What was heard since this was asked last: how many stored, how many refused, and why."""
        heard, refused = self.heard - self._told, self._refused
        self._told, self._refused = self.heard, 0
        counts: dict[str, Any] = {"stored": heard - refused} if heard > refused else {}
        return {**counts, "refused": refused, "detail": self._refusal} if refused else counts

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
