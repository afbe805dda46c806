"""A file as checked fixes, a thousand at a time: the same validation as at every other door."""

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from tracking.fixes import MAX_RAW_CHARS, SECONDS_BELOW, Clock, Fix, decode_items
from tracking.history.imports.raw import Bad, Item, Raw, Source
from tracking.history.imports.read import read
from tracking.history.imports.times import Times

AT_ONCE = 1000
MAX_REASON = 300


class Chunk(Struct):
    """Fixes of a part of the file, where each stands in it, and what is none."""

    fixes: list[Fix]
    wheres: list[int]
    bad: list[Bad]

    @property
    def rows(self) -> int:
        return len(self.fixes) + len(self.bad)


class Walk:
    """Reads one file once. `zone`: of times without one. Unreadable, at once or on the way."""

    def __init__(self, path: Path, *, zone: str, speed_unit: str, received: int) -> None:
        self.source: Source = read(path, speed_unit=speed_unit)
        self._times = Times(ZoneInfo(zone) if zone else None)
        self._received = received

    @property
    def without_zone(self) -> int:
        """Times so far that had no zone, where nothing says which."""
        return 0 if self.source.utc else self._times.without_zone

    def chunks(self) -> Iterator[Chunk]:
        rows = iter(self.source.rows)
        while part := list(islice(rows, AT_ONCE)):
            yield self._check(part)

    def _check(self, rows: Iterable[Raw | Bad]) -> Chunk:
        found = Chunk([], [], [])
        items: list[Item] = []
        wheres: list[int] = []
        for row in rows:
            if isinstance(row, Bad):
                found.bad.append(row)
                continue
            try:
                items.append(self._timed(row))
                wheres.append(row.where)
            except (ValueError, OverflowError) as error:
                found.bad.append(Bad(row.where, str(error)[:MAX_REASON], str(row.item)[:MAX_RAW_CHARS]))
        batch = decode_items(items, clock=Clock(), received=self._received)
        refused = {rejection.index for rejection in batch.rejections}
        found.fixes = batch.fixes
        found.wheres = [where for index, where in enumerate(wheres) if index not in refused]
        for rejection in batch.rejections:
            where = wheres[rejection.index]
            found.bad.append(Bad(where, rejection.detail[:MAX_REASON], rejection.raw))
        found.bad.sort(key=attrgetter("where"))
        return found

    def _timed(self, row: Raw) -> Item:
        """The item with its time in ms, as the decoder takes it for ms: below a limit it takes seconds."""
        ms = self._times.read(row.item.get("time"), row.track)
        return {**row.item, "time": ms if ms >= SECONDS_BELOW else ms / 1000}
