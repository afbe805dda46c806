"""Devices that connect, many in one step: epochs, presence, and how far each has reported."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from tracking import database, live, presence
from tracking.ingest.admission import Source
from tracking.ingest.roster import Batcher
from tracking.loops import per_loop
from tracking.models import Latest


class Arrival(Struct, frozen=True):
    """The number of a connection of its device, and the newest time (ms) that the device has reported."""

    epoch: int
    last_time: int | None


async def _arrive(sources: Sequence[Source]) -> list[Arrival]:
    whos = [source.who for source in sources]
    epochs, newest = await asyncio.gather(
        presence.arrive_all(whos),
        live.primary_times([(who.fleet, who.vehicle) for who in whos]),
    )
    # What the journal has counts too: the archive may be behind. It knows primary devices only.
    times = [time if source.primary else 0 for source, time in zip(sources, newest, strict=True)]
    unknown = [
        (who.vehicle, who.device) for who, time in zip(whos, times, strict=True) if not time and who.vehicle
    ]
    stored = await database.run(_stored, unknown) if unknown else {}
    return [
        Arrival(epoch, time or stored.get((who.vehicle, who.device)))
        for who, epoch, time in zip(whos, epochs, times, strict=True)
    ]


def _stored(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    rows = Latest.objects.filter(
        vehicle__in=[vehicle for vehicle, _ in pairs], device__in=[device for _, device in pairs]
    )
    return {
        (vehicle, device): time for vehicle, device, time in rows.values_list("vehicle", "device", "time")
    }


@per_loop
def arrivals() -> Batcher[Source, Arrival]:
    """`await arrivals()(source)`: a device of this source has connected."""
    return Batcher(_arrive, most=400)  # two ids each in one SQLite statement
