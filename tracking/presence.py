"""Who is connected: an epoch per device, and a key per fleet that expires by itself.

Nothing here depends on a goodbye: a killed process says none. Each process renews its devices'
entries; an entry that nobody renews expires, and whoever looks announces it.

A device that posts over HTTP has no connection to lose: a contact counts as one for CONTACT_MS, or
for three times as long as the pause before it when that is longer, at most LONGEST_MS. So a phone that
reports every quarter of an hour is connected all the time, and one that stops is gone within three reports.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import redis
from django.conf import settings
from django.utils.timezone import now
from msgspec import Struct

from tracking import live
from tracking.fixes import now_ms
from tracking.loops import shared_redis

RENEW_S = 20
PRESENT_MS = 60_000
CONTACT_MS = 600_000
CONTACTS_MISSED = 3
LONGEST_MS = 3_600_000

# KEYS epoch, presence  ARGV epoch, member, sibling members…
# Returns 1 when the owner of the epoch left and no other device of its vehicle is connected.
LEAVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then return 0 end
for i = 3, #ARGV do
  if redis.call('ZSCORE', KEYS[2], ARGV[i]) then return 0 end
end
return 1
"""
# KEYS presence  ARGV member, until, now  Returns 1 when the member was not there, or no longer.
CONTACT = """
local until_ = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not until_ or tonumber(until_) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
if until_ and tonumber(until_) > tonumber(ARGV[3]) then return 0 end
return 1
"""
# KEYS presence  ARGV now, at most  Returns the members that expired; each to one caller only.
EXPIRE = """
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #gone > 0 then redis.call('ZREM', KEYS[1], unpack(gone)) end
return gone
"""
EXPIRED_AT_ONCE = 1000


class Who(Struct, frozen=True):
    """A device as far as presence goes: ids, and the other devices of its vehicle."""

    fleet: int
    vehicle: int
    device: int
    siblings: tuple[int, ...] = ()

    @property
    def member(self) -> str:
        return f"{self.vehicle}:{self.device}"


def _epoch(device: int) -> str:
    return f"conn:{device}"


def _present(fleet: int) -> str:
    return f"presence:{fleet}"


def event(fleet: int, vehicle: int, *, online: bool) -> tuple[str, dict[str, Any]]:
    since = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return live.group(fleet), {
        "kind": "presence",
        "fleet": fleet,
        "frame": {"type": "presence", "id": vehicle, "online": online, "since": since},
    }


async def arrive(who: Who) -> int:
    """Return the epoch of a new connection: it supersedes every lower one."""
    return (await arrive_all([who]))[0]


async def arrive_all(whos: Sequence[Who]) -> list[int]:
    """The same for many at once, in one step."""
    pipe = shared_redis().pipeline(transaction=False)
    until = now_ms() + PRESENT_MS
    for who in whos:
        pipe.incr(_epoch(who.device))
        pipe.zadd(_present(who.fleet), {who.member: until})
    answers = [int(answer) for answer in await pipe.execute()]
    epochs, came = answers[::2], answers[1::2]
    # A device that was not present has no other connection that anybody need be told of at once.
    older = [[who.device, epoch] for who, epoch, new in zip(whos, epochs, came, strict=True) if not new]
    events = [(live.EVERY_PROCESS, {"kind": "superseded", "newest": older})] if older else []
    watched = live.hub().is_watched
    events += [event(who.fleet, who.vehicle, online=True) for who in whos if watched(who.fleet)]
    await live.send(events)
    return epochs


async def contact(who: Who, *, pause_ms: int = 0) -> None:
    """Note a contact over HTTP, `pause_ms` after the one before it."""
    lasting = max(CONTACT_MS, min(CONTACTS_MISSED * pause_ms, LONGEST_MS))
    moment = now_ms()
    came = await shared_redis().eval(
        CONTACT, 1, _present(who.fleet), who.member, str(moment + lasting), str(moment)
    )
    if came:
        await live.send([event(who.fleet, who.vehicle, online=True)])


async def leave(who: Who, epoch: int) -> None:
    """Say goodbye, unless a newer connection of the device has taken over."""
    await leave_all([(who, epoch)])


async def leave_all(leaving: Sequence[tuple[Who, int]]) -> None:
    """The same for many at once, in one step."""
    pipe = shared_redis().pipeline(transaction=False)
    script = shared_redis().register_script(LEAVE)
    for who, epoch in leaving:
        siblings = (f"{who.vehicle}:{device}" for device in who.siblings)
        names = [_epoch(who.device), _present(who.fleet)]
        await script(keys=names, args=[str(epoch), who.member, *siblings], client=pipe)
    answers = await pipe.execute()
    watched = live.hub().is_watched
    await live.send(
        event(who.fleet, who.vehicle, online=False)
        for (who, _), gone in zip(leaving, answers, strict=True)
        if gone and watched(who.fleet)
    )


async def renew(mine: Iterable[tuple[Who, int]]) -> list[int]:
    """Renew the presence of (who, epoch); return the devices that a newer connection took over."""
    mine = list(mine)
    if not mine:
        return []
    client = shared_redis()
    epochs = await client.mget([_epoch(who.device) for who, _ in mine])
    until = now_ms() + PRESENT_MS
    owned: dict[int, dict[str, int]] = {}
    lost = []
    for (who, epoch), newest in zip(mine, epochs, strict=True):
        if newest is not None and int(newest) > epoch:
            lost.append(who.device)
        else:
            owned.setdefault(who.fleet, {})[who.member] = until
    pipe = client.pipeline(transaction=False)
    for fleet, members in owned.items():
        pipe.zadd(_present(fleet), members)
    await pipe.execute()
    return lost


async def online(fleet: int) -> set[int]:
    """The vehicles of the fleet with a connected device."""
    members = await shared_redis().zrangebyscore(_present(fleet), now_ms(), "+inf")
    return {int(member.split(b":")[0]) for member in members}


async def expire(fleet: int) -> None:
    """Announce those whose entry nobody renewed; exactly one of all who look does."""
    gone = await shared_redis().eval(EXPIRE, 1, _present(fleet), str(now_ms()), str(EXPIRED_AT_ONCE))
    vehicles = {int(member.split(b":")[0]) for member in gone}
    if vehicles:
        vehicles -= await online(fleet)
        await live.send([event(fleet, vehicle, online=False) for vehicle in vehicles])


# --- synchronous, for those who take devices and fleets away --------------------------------


def connected(fleets: Iterable[int]) -> int:
    """How many devices of the fleets are connected, or were within their last minutes."""
    with _client() as client:
        return sum(int(client.zcard(_present(fleet))) for fleet in fleets)


def forget(*, fleets: Iterable[int] = (), devices: Iterable[int] = ()) -> None:
    """Take away what is kept of removed fleets and devices."""
    names = [*map(_present, fleets), *map(_epoch, devices)]
    if names:
        with _client() as client:
            client.delete(*names)


def _client() -> "redis.Redis[bytes]":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT_S)
