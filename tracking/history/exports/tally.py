"""What went into a file: counted while it is written."""

from collections import deque
from collections.abc import Iterable, Iterator

from tracking.history.tracks import GAP_MS, GAP_TIMES, Row, runs

MAX_GAPS = 200
GAP_RULE = (
    f"silent for longer than {GAP_MS // 60_000} minutes and than {GAP_TIMES} times the usual interval, "
    "which is the median of the intervals before"
)


class Tally:
    """The fixes of one track that were written: how many, from when to when (ms), and its gaps."""

    def __init__(self) -> None:
        self.fixes = 0
        self.first: int | None = None
        self.last: int | None = None
        self.gaps: list[tuple[int, int]] = []
        self.more_gaps = 0

    def watch(self, pages: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """The same pages, counted as they pass."""
        passing: deque[list[Row]] = deque()

        def source() -> Iterator[list[Row]]:
            for page in pages:
                passing.append(page)
                yield page

        seen = 0
        for starts, rows in runs(source()):
            self._add(rows, starts=starts)
            seen += len(rows)
            if seen == len(passing[0]):  # `runs` asks for the next page only after this one's parts
                seen = 0
                yield passing.popleft()

    def _add(self, rows: list[Row], *, starts: bool) -> None:
        if self.first is None:
            self.first = rows[0][0]
        elif starts and self.last is not None:
            if len(self.gaps) < MAX_GAPS:
                self.gaps.append((self.last, rows[0][0]))
            else:
                self.more_gaps += 1
        self.fixes += len(rows)
        self.last = rows[-1][0]
