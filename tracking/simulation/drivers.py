"""Drivers who answer messages: most of them soon, some late, one never."""

import asyncio
import random
import uuid
from enum import Enum
from typing import Any, NamedTuple

from tracking.simulation.client import Device

ANSWERS = ("On my way", "OK, will do", "Understood", "Ten minutes", "Stuck in traffic, a bit later")


class Temper(Enum):
    """How soon a driver reads, and answers after that: seconds, from and to."""

    PROMPT = ((3, 20), (5, 30))
    LATE = ((60, 240), (30, 120))
    SILENT = None


def temper(number: int) -> Temper:
    """How the driver of the demo's vehicle with this number is."""
    if number == 5:
        return Temper.SILENT
    return Temper.LATE if number % 6 == 4 else Temper.PROMPT


class Act(NamedTuple):
    after: float  # seconds since the act before it
    kind: str  # delivered, read, reply
    text: str = ""


def plan(message: dict[str, Any], temper: Temper, rng: random.Random) -> list[Act]:
    """What the driver will do with a message, and when."""
    acts = [Act(0.0, "delivered")]
    if temper.value is not None:
        read, reply = temper.value
        acts.append(Act(rng.uniform(*read), "read"))
        acts.append(Act(rng.uniform(*reply), "reply", rng.choice(message.get("replies") or ANSWERS)))
    return acts


async def answer(device: Device, message: dict[str, Any], temper: Temper, rng: random.Random) -> None:
    """Do it. A reply's id comes from the message, so that answering twice is one answer."""
    for act in plan(message, temper, rng):
        await asyncio.sleep(act.after)
        if act.kind == "reply":
            reply_id = uuid.uuid5(uuid.NAMESPACE_OID, message["id"])
            device.reply(str(reply_id), act.text, in_reply_to=message["id"])
        else:
            device.receipt(message["id"], act.kind)
