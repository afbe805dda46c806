"""Refused contacts, noted for the device that they name.

A good signature vouches for the name. Without one anybody may claim to be anybody: such a contact is
noted only for a device that exists, and rarely enough that a flood of them costs nothing.
"""

import asyncio
import logging
import time

import redis
from django.db import Error as DatabaseError

from tracking import contacts
from tracking.ingest.admission import Refused
from tracking.ingest.roster import roster
from tracking.loops import per_loop

log = logging.getLogger("fleetline.device")

UNSIGNED_S = 0.5  # from one unsigned contact that is looked at to the next
QUIET = ("inbox_full", "unknown_fleet")


class Strangers:
    def __init__(self) -> None:
        self._next = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, refused: Refused, *, door: str, client: str) -> None:
        """Note a refusal for the device that it names, if it may be believed. Never waits."""
        if not refused.uid or refused.code in QUIET:
            return
        if not refused.signed:
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + UNSIGNED_S
        task = asyncio.create_task(self._note(refused, door, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _note(self, refused: Refused, door: str, client: str) -> None:
        try:
            facts = await roster().device(refused.uid)
        except (DatabaseError, redis.RedisError, OSError) as error:
            log.warning("contact not noted: %s: %s", type(error).__name__, error)
            return
        if facts is not None or refused.signed:
            who = refused.uid if facts is None else facts.device
            contacts.note(who, door=door, client=client, code=refused.code, **refused.params)


@per_loop
def strangers() -> Strangers:
    return Strangers()
