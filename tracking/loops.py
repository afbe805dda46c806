"""One instance a process of what belongs to the event loop: connections, queues, tasks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

import redis.asyncio as redis
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

log = logging.getLogger("fleetline.loops")


T = TypeVar("T")


def per_loop(factory: Callable[[], T]) -> Callable[[], T]:
    """Decorate a factory: it runs once for each event loop, and its result is kept for that loop."""
    instances: dict[asyncio.AbstractEventLoop, T] = {}

    def get() -> T:
        loop = asyncio.get_running_loop()
        if loop not in instances:
            # What they hold, connections above all, holds on to its loop: no weak reference would end.
            for closed in [other for other in instances if other.is_closed()]:
                del instances[closed]
            instances[loop] = factory()
        return instances[loop]

    return get


class Resumed:
    """A coroutine that was begun outside of any task and now waits: await this in a task to go on.

    A send that ends at once, as nearly all do, then costs no task. Until it waits, such a coroutine
    may use nothing that belongs to a task (`asyncio.timeout`).
    """

    def __init__(self, begun: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._begun, self._waits_for = begun, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                heard = yield waits_for
            except BaseException as error:  # noqa: BLE001 (whatever it is belongs to the coroutine first)
                step = partial(self._begun.throw, error)
            else:
                step = partial(self._begun.send, heard)
            try:
                waits_for = step()
            except StopIteration:
                return


def _client(url: str) -> redis.Redis:
    # redis-py 8 raises at 100 connections of its default pool; ours waits for one. It retries
    # nothing by itself: whoever calls knows better what a failure means.
    return redis.Redis(
        connection_pool=redis.BlockingConnectionPool.from_url(
            url,
            max_connections=16,
            timeout=5,
            socket_timeout=settings.REDIS_TIMEOUT_S,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )
    )


@per_loop
def shared_redis() -> redis.Redis:
    """Presence, epochs, what is watched: REDIS_URL."""
    return _client(settings.REDIS_URL)


@per_loop
def journal_redis() -> redis.Redis:
    """The journal and the live hash: JOURNAL_URL."""
    return _client(settings.JOURNAL_URL)


async def forever(name: str, every: float, work: Callable[[], Awaitable[object]]) -> None:
    """Call `work` every so many seconds; a failure is logged once until it works again."""
    failing = False
    # redis-py on Python 3.11 can swallow a cancellation that comes with its answer: ask for it.
    this = asyncio.current_task()
    while this is None or not this.cancelling():
        await asyncio.sleep(every)
        try:
            await work()
            failing = False
        except Exception as error:  # noqa: BLE001 (a task for ever: say it once, go on)
            if not failing:
                log.warning("%s: %s: %s; tried again every %g s", name, type(error).__name__, error, every)
            failing = True
