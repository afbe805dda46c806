"""What waits for the vehicles connected here, fetched and noted as sent for many in one step.

A broadcast wakes a thousand connections at once: a query each would keep the database busy for seconds.
"""

from collections.abc import Sequence

from tracking import database, messages
from tracking.ingest.roster import Batcher
from tracking.loops import per_loop
from tracking.models import Message

AT_ONCE = 400


async def _fetch(asked: Sequence[tuple[int, int]]) -> list[list[Message]]:
    return await database.run(messages.waiting_for, asked)


async def _sent(ids: Sequence[list[str]]) -> list[None]:
    await database.run(messages.sent, [pk for mine in ids for pk in mine])
    return [None] * len(ids)


class Outbox:
    """`fetch((vehicle, number))`: what waits for it above that number. `sent(ids)`: it went out."""

    def __init__(self) -> None:
        self.fetch: Batcher[tuple[int, int], list[Message]] = Batcher(_fetch, most=AT_ONCE)
        self.sent: Batcher[list[str], None] = Batcher(_sent, most=AT_ONCE)


@per_loop
def outbox() -> Outbox:
    return Outbox()
