"""Database reads of sockets: on a small executor of their own, so that none holds up the loop."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

THREADS = 4
_executor = ThreadPoolExecutor(THREADS, thread_name_prefix="database")

IDS = 900  # what SQLite takes in one statement, with some to spare

P = ParamSpec("P")
T = TypeVar("T")


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that uses the ORM, with a connection that is given back afterwards."""

    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await sync_to_async(call, thread_sensitive=False, executor=_executor)()


def parts(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """The ids in portions for `… IN (…)`."""
    return (ids[start : start + IDS] for start in range(0, len(ids), IDS))
