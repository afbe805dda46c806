"""How many devices may come in at once.

When thousands lose their connections in one moment, they come back in one moment. The gate lets
CONNECTS_A_SECOND in; those next in line wait at the door, HOLD_S at most, and the rest are told when it
is their turn: one after the other, so that they do not all come again together.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator

from tracking.loops import per_loop

CONNECTS_A_SECOND = 1000
BURST_S = 0.5  # what was not used in so long may be used at once
HOLD_S = 2.0
MAX_INSIDE = 400
SLOWER = 4
LONGEST_S = 60


class Gate:
    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free = 0.0  # when the next one may come in
        self._promised = 0.0  # when the last one who was sent away comes back
        self.inside = 0

    def turn(self) -> tuple[float, int]:
        """(seconds to wait here, 0), or (0, seconds after which to come back)."""
        now = self._clock()
        self._free = max(self._free, now - BURST_S)
        wait = self._free - now
        crowded = self.inside >= MAX_INSIDE
        if wait <= HOLD_S and not crowded:
            self._free += 1 / CONNECTS_A_SECOND
            return max(wait, 0.0), 0
        pause = (SLOWER if crowded else 1) / CONNECTS_A_SECOND
        self._promised = min(max(self._promised, self._free, now) + pause, now + LONGEST_S)
        return 0.0, max(math.ceil(self._promised - now), 1)

    @contextlib.contextmanager
    def way_in(self) -> Iterator[None]:
        """While somebody who was let in is on the way."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


@per_loop
def gate() -> Gate:
    return Gate()
