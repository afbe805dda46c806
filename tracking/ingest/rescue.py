"""An alarm is raised even when the position that it came with is refused.

Phones send an SOS once, and from a garage without a place. The door of phones answers a refused position
like a good one, so nobody would hear of it: what is refused stays in quarantine, and its alarm goes where
the vehicle was last, at its own time if that can be true.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from tracking import live
from tracking.fixes import MAX_AHEAD_MS, Batch, Clock, decode_items
from tracking.ingest.admission import Source
from tracking.ingest.clients.report import instant


async def alarms(
    batch: Batch, items: list[dict[str, Any]], source: Source, *, clock: Clock, received: int
) -> None:
    """Add to the batch a fix for each alarm among its rejections. Raise RedisError when Redis is away."""
    for number, rejection in enumerate(batch.rejections):
        item = items[rejection.index] if rejection.index < len(items) else {}
        if not isinstance(item.get("alarm"), str) or not item["alarm"]:
            continue
        candidates = _candidates(item, await live.shown(source.who.fleet, source.who.vehicle), received)
        for candidate in candidates:
            candidate["attributes"]["refused"] = rejection.detail
            fixes = decode_items([candidate], clock=clock, received=received).fixes
            if fixes:
                batch.fixes += fixes
                detail = f"{rejection.detail}; its alarm was raised all the same"
                batch.rejections[number] = msgspec.structs.replace(rejection, detail=detail)
                break


def _candidates(item: dict[str, Any], shown: list[Any] | None, received: int) -> Iterable[dict[str, Any]]:
    """Where it may have been: where it says, else where the vehicle was last."""
    said = instant(item.get("time"))
    alarm = {"alarm": item["alarm"]}
    if said is not None and 0 <= said <= received + MAX_AHEAD_MS:
        alarm["time"] = item["time"]
    yield {
        **alarm,
        "latitude": item.get("latitude"),
        "longitude": item.get("longitude"),
        "attributes": {},
    }
    if shown is not None:
        yield {
            **alarm,
            "latitude": shown[2],
            "longitude": shown[3],
            "attributes": {"place": "last known"},
        }
