"""What belongs to an event loop ends with it; a coroutine that was begun outside of a task goes on in one."""

import asyncio
import gc
import weakref
from typing import Any

import pytest

from tracking.loops import Resumed, per_loop


async def begun(log: list[Any], first: asyncio.Future[int], second: asyncio.Future[int]) -> None:
    try:
        log.append(await first)
        log.append(await second)
    except (ValueError, asyncio.CancelledError) as error:
        log.append(type(error).__name__)
        raise


async def start() -> tuple[list[Any], list[asyncio.Future[int]], Resumed]:
    loop = asyncio.get_running_loop()
    log: list[Any] = []
    futures = [loop.create_future(), loop.create_future()]
    coroutine = begun(log, *futures)
    return log, futures, Resumed(coroutine, coroutine.send(None))


async def test_it_goes_on_to_its_end() -> None:
    log, futures, resumed = await start()
    task = asyncio.ensure_future(resumed)
    futures[0].set_result(1)
    await asyncio.sleep(0)
    futures[1].set_result(2)
    await task
    assert log == [1, 2]


async def test_what_it_waits_for_may_fail() -> None:
    log, futures, resumed = await start()
    futures[0].set_exception(ValueError("late"))
    with pytest.raises(ValueError, match="late"):
        await resumed
    assert log == ["ValueError"]


async def test_it_can_be_cancelled_and_timed_out() -> None:
    log, futures, resumed = await start()
    futures[0].set_result(1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await resumed
    assert log == [1, "CancelledError"]


class Connection:
    """Holds on to its loop, as every connection does."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()


def test_what_belongs_to_a_loop_ends_with_it() -> None:
    connection = per_loop(Connection)

    async def used() -> weakref.ref[Connection]:
        assert connection() is connection()
        return weakref.ref(connection())

    kept = [asyncio.run(used()) for _ in range(3)]
    gc.collect()
    assert [ref() is not None for ref in kept] == [False, False, True]
