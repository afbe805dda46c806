"""Devices that come and go, many in one step: epochs, presence, what each has reported, what waits for it."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from tracking import database, live, messages, presence
from tracking.ingest.admission import Source
from tracking.ingest.roster import Batcher
from tracking.loops import per_loop
from tracking.models import Latest
from tracking.presence import Who

AT_ONCE = 400  # two ids each in one SQLite statement


class Arrival(Struct, frozen=True):
    """The number of a connection of its device, the newest time (ms) that the device has reported, and
    whether messages wait for its vehicle."""

    epoch: int
    last_time: int | None
    messages: bool


async def _arrive(sources: Sequence[Source]) -> list[Arrival]:
    whos = [source.who for source in sources]
    epochs, newest = await asyncio.gather(
        presence.arrive_all(whos),
        live.primary_times([(who.fleet, who.vehicle) for who in whos]),
    )
    # What the journal has counts too: the archive may be behind. It knows primary devices only.
    times = [time if source.primary else 0 for source, time in zip(sources, newest, strict=True)]
    unknown = [(who.vehicle, who.device) for who, time in zip(whos, times, strict=True) if not time]
    stored, waiting = await database.run(_stored, {who.vehicle for who in whos}, unknown)
    return [
        Arrival(epoch, time or stored.get((who.vehicle, who.device)), who.vehicle in waiting)
        for who, epoch, time in zip(whos, epochs, times, strict=True)
    ]


def _stored(
    vehicles: set[int], pairs: Sequence[tuple[int, int]]
) -> tuple[dict[tuple[int, int], int], set[int]]:
    """The newest stored times of (vehicle, device), and the vehicles with messages to fetch."""
    times: dict[tuple[int, int], int] = {}
    if pairs:
        rows = Latest.objects.filter(
            vehicle__in={vehicle for vehicle, _ in pairs}, device__in={device for _, device in pairs}
        )
        found = rows.values_list("vehicle_id", "device_id", "time")
        times = {(vehicle, device): time for vehicle, device, time in found}
    return times, messages.open_for(vehicles)


@per_loop
def arrivals() -> Batcher[Source, Arrival]:
    """`await arrivals()(source)`: a device of this source has connected."""
    return Batcher(_arrive, most=AT_ONCE)


async def _leave(leaving: Sequence[tuple[Who, int]]) -> list[None]:
    await presence.leave_all(leaving)
    return [None] * len(leaving)


@per_loop
def departures() -> Batcher[tuple[Who, int], None]:
    """`await departures()((who, epoch))`: that connection ended."""
    return Batcher(_leave, most=AT_ONCE)
