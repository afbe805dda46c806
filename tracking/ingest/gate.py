"""How many devices may come in at once.

When thousands lose their connections in one moment, they come back in one moment. The gate lets
CONNECTS_A_SECOND in, and no more than MAX_INSIDE together; those next in line wait at the door, HOLD_S at
most as things go, for whoever waits costs nothing. The rest are called back one after the other, as places
at the door come free.
"""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import AsyncIterator

from tracking.loops import per_loop

CONNECTS_A_SECOND = 1000
USUAL_A_SECOND = 700  # that a process manages
BURST_S = 0.5  # what was not used in so long may be used at once
HOLD_S = 9.0  # clients give up after ten
MAX_INSIDE = 400
FIRST_S, LONGEST_S = 1, 60  # when whoever was sent away comes back: before a second nothing is free


class Gate:
    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._free = 0.0  # when the next one may come in
        self._promised = 0.0  # when the last one who was sent away comes back
        self._timer: asyncio.TimerHandle | None = None
        self.inside = 0

    @contextlib.asynccontextmanager
    async def way_in(self) -> AsyncIterator[int]:
        """Wait for a turn and take it: 0; or the seconds after which to come back."""
        later = self._later()
        if later:
            yield later
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._call()
        try:
            await turn
            yield 0
        finally:
            if turn.done() and not turn.cancelled():
                self.inside -= 1
            self._call()

    def _later(self) -> int:
        now = asyncio.get_running_loop().time()
        wait = max(self._free - now, 0.0) + len(self._waiting) / USUAL_A_SECOND
        if wait <= HOLD_S:
            return 0
        self._promised = min(max(self._promised, now + FIRST_S) + 1 / USUAL_A_SECOND, now + LONGEST_S)
        return math.ceil(self._promised - now)

    def _call(self) -> None:
        """Let in who is next, as many as may."""
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting and self.inside < MAX_INSIDE:
            now = loop.time()
            self._free = max(self._free, now - BURST_S)
            if self._free > now:
                self._timer = loop.call_at(self._free, self._call)
                return
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self.inside += 1
                self._free += 1 / CONNECTS_A_SECOND


@per_loop
def gate() -> Gate:
    return Gate()
