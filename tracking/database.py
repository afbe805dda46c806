"""Database reads of sockets and of long answers: on small executors of their own, so that none holds up the
loop, and a month of tracks no socket.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

THREADS = 4
LONG_THREADS = 2
_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="database")
_long = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="history")

IDS = 900  # what SQLite takes in one statement, with some to spare

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that uses the ORM, with a connection that is given back afterwards."""
    return await _run_on(_executor, function, *args, **kwargs)


async def run_long(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for what may take more than some milliseconds; LONG_THREADS at once, others wait."""
    return await _run_on(_long, function, *args, **kwargs)


async def _run_on(
    executor: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await sync_to_async(call, thread_sensitive=False, executor=executor)()


def parts(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """The ids in portions for `… IN (…)`."""
    return (ids[start : start + IDS] for start in range(0, len(ids), IDS))
