"""Where the others of the fleet are: what an OwnTracks phone shows on its own map."""

import logging
import time
from typing import Any

import msgspec
import redis
from django.conf import settings
from django.db import Error as DatabaseError

from tracking import database, live
from tracking.fixes import now_ms
from tracking.ingest.admission import Source
from tracking.ingest.clients import owntracks
from tracking.loops import per_loop, shared_redis
from tracking.models import Device, Vehicle

log = logging.getLogger("fleetline.mates")

AT_MOST = 50
DAY_MS = 86_400_000
# What phones are told is at most so old: a big fleet is not read anew for each of them.
POSITIONS_S, NAMES_S = 5, 60
# A position may reach the live picture a moment after it was received, and be read POSITIONS_S later.
OVERLAP_MS = 7000

Names = dict[int, tuple[str, str, str]]  # vehicle: uid, name, tid


async def answer(source: Source) -> list[dict[str, Any]]:
    """The mates that moved since this device asked last, the newest AT_MOST; none when it cannot be known."""
    if not settings.OWNTRACKS_MATES:
        return []
    try:
        since = await _since(source.who.device)
        positions = await _positions(source.who.fleet)
        moved = [value for value in positions if value[10] > since and value[0] != source.who.vehicle]
        if not moved:
            return []
        names = await _names(source.who.fleet)
    except (redis.RedisError, DatabaseError, OSError) as error:
        log.warning("mates: %s: %s", type(error).__name__, error)
        return []
    newest = sorted(moved, key=lambda value: value[live.TIME], reverse=True)[:AT_MOST]
    mates = [_mate(value, *names[value[0]]) for value in newest if value[0] in names]
    return owntracks.answer(mates, fleet=source.fleet)


async def _since(device: int) -> int:
    """When this device was told last (ms), a day ago when it never was; it is told now."""
    now = now_ms()
    told = await shared_redis().set(f"mates:{device}", str(now), ex=DAY_MS // 1000, get=True)
    return int(told) - OVERLAP_MS if told else now - DAY_MS


def _mate(value: list[Any], uid: str, name: str, tid: str) -> owntracks.Mate:
    vehicle, moment, latitude, longitude, speed, heading, *_, accuracy, _received = value[:11]
    return owntracks.Mate(
        vehicle=vehicle,
        uid=uid,
        name=name,
        tid=tid,
        time=moment,
        latitude=latitude,
        longitude=longitude,
        speed=speed,
        heading=heading,
        accuracy=accuracy,
    )


@per_loop
def _positions_read() -> dict[int, tuple[float, list[list[Any]]]]:
    return {}


@per_loop
def _names_read() -> dict[int, tuple[float, Names]]:
    return {}


async def _positions(fleet: int) -> list[list[Any]]:
    read_at, positions = _positions_read().get(fleet, (0.0, []))
    if time.monotonic() - read_at > POSITIONS_S or not positions:
        positions = [msgspec.json.decode(value) for value in (await live.latest(fleet)).values()]
        _positions_read()[fleet] = (time.monotonic(), positions)
    return positions


async def _names(fleet: int) -> Names:
    """What the fleet's vehicles are called, at most NAMES_S old."""
    read_at, names = _names_read().get(fleet, (0.0, {}))
    if time.monotonic() - read_at > NAMES_S or not names:
        names = await database.run(_read_names, fleet)
        _names_read()[fleet] = (time.monotonic(), names)
    return names


def _read_names(fleet: int) -> Names:
    titles = dict(Vehicle.objects.filter(fleet=fleet).values_list("pk", "name"))
    devices = Device.objects.filter(vehicle__fleet=fleet).order_by("primary", "-uid")
    uids = dict(devices.values_list("vehicle_id", "uid"))  # the primary one comes last
    tids = owntracks.initials(titles)
    return {pk: (uids.get(pk, str(pk)), title, tids[pk]) for pk, title in titles.items()}
