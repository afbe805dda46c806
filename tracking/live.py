"""The live picture: newest position per vehicle in Redis, and hints to every process.

The only file that touches the channel layer. The layer carries hints and pictures of now
and may drop any of them: whatever must arrive is a row first, and every process looks again
by itself.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import redis
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from msgspec import Struct
from redis.asyncio.client import Pipeline

from tracking.fixes import Fix
from tracking.loops import forever, journal_redis, per_loop, shared_redis

log = logging.getLogger("fleetline.live")

TICK_S = 0.1
WATCH_S = 30
LOOK_S = 3
PRIMARY_SILENT_MS = 120_000
EVERY_PROCESS = "processes"

# KEYS live hash, times hash  ARGV a msgpack array of Updates
# Newest per vehicle, forward only; a device that is not primary moves the marker only while the
# primary has been silent for PRIMARY_SILENT_MS. Returns the vehicles that moved.
# One argument and three commands a call, whatever it holds: an argument a value cost the sender
# 7 us an update to pack, a command a vehicle Redis a third more.
TAKE = f"""
local updates = cmsgpack.unpack(ARGV[1])
local ids, shown, primary = {{}}, {{}}, {{}}
for i, update in ipairs(updates) do ids[i] = update[2] end
for i, times in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
  local a, b
  if times then a, b = string.match(times, '^(%d+),(%d+)') end
  shown[ids[i]], primary[ids[i]] = tonumber(a or 0), tonumber(b or 0)
end
local moved, values, times = {{}}, {{}}, {{}}
for i, update in ipairs(updates) do
  local vehicle, time = update[2], update[3]
  local take = time > shown[vehicle]
  if update[4] then
    if time > primary[vehicle] then primary[vehicle] = time end
  else
    take = take and time > primary[vehicle] + {PRIMARY_SILENT_MS}
  end
  if take then
    shown[vehicle] = time
    moved[#moved + 1] = vehicle
    values[#values + 1] = vehicle
    values[#values + 1] = update[6]
  end
  times[2 * i - 1] = vehicle
  times[2 * i] = string.format('%d,%d,%s', shown[vehicle], primary[vehicle], update[5] or '')
end
if #values > 0 then redis.call('HSET', KEYS[1], unpack(values)) end
redis.call('HSET', KEYS[2], unpack(times))
return moved
"""
TAKEN_AT_ONCE = 1000  # Lua's unpack gives 8000 values at most
# KEYS live hash  ARGV vehicle, old value, new value
SWAP = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
TIME, BATTERY = 1, 6  # where they stand in a value
_pack = msgspec.msgpack.Encoder().encode


class Update(Struct, array_like=True, gc=False):
    """The newest fix of a device in a flush. `value` is the JSON array that browsers get.

    TAKE reads it as an array in this order.
    """

    fleet: int
    vehicle: int
    time: int
    primary: bool
    interval: float | None
    value: str


def value(vehicle: int, fix: Fix, received: int) -> str:
    """The position array of the wire: [id, time, lat, lon, speed, heading, battery, alarm, …]."""
    return msgspec.json.encode(
        (
            vehicle,
            fix.time,
            fix.latitude,
            fix.longitude,
            fix.speed,
            fix.heading,
            fix.battery,
            fix.alarm,
            fix.ignition,
            fix.accuracy,
            received,
        )
    ).decode()


def group(fleet: int) -> str:
    return f"fleet.{fleet}"


def _keys(fleet: int) -> tuple[str, str]:
    return f"live:{{{fleet}}}", f"live:{{{fleet}}}:times"


def take(pipe: "Pipeline[Any]", updates: Iterable[Update]) -> list[int]:
    """Put the updates on the pipeline; return the fleet of each command. One of many updates has several."""
    fleets: dict[int, list[Update]] = {}
    for update in updates:
        fleets.setdefault(update.fleet, []).append(update)
    commands = []
    for fleet, mine in fleets.items():
        for first in range(0, len(mine), TAKEN_AT_ONCE):
            pipe.eval(TAKE, 2, *_keys(fleet), _pack(mine[first : first + TAKEN_AT_ONCE]))
            commands.append(fleet)
    return commands


async def refresh_battery(fleet: int, vehicle: int, *, battery: float, time: int) -> None:
    """Show the battery (percent) as it was at `time` (ms), unless the position shown is newer than that."""
    client, key = journal_redis(), _keys(fleet)[0]
    shown = await client.hget(key, str(vehicle))
    content = msgspec.json.decode(shown) if shown else None
    if content is None or content[TIME] > time or content[BATTERY] == battery:
        return
    content[BATTERY] = battery
    fresh = msgspec.json.encode(content).decode()
    if await client.eval(SWAP, 1, key, str(vehicle), shown, fresh):
        hub().publish(fleet, {vehicle: fresh})


async def shown(fleet: int, vehicle: int) -> list[Any] | None:
    """The position at which the vehicle is shown, as the array of the wire; None when it never reported."""
    value = await journal_redis().hget(_keys(fleet)[0], str(vehicle))
    return msgspec.json.decode(value) if value else None


async def latest(fleet: int) -> dict[int, str]:
    """The live position of each vehicle: {vehicle id: JSON array}."""
    return {int(k): v.decode() for k, v in (await journal_redis().hgetall(_keys(fleet)[0])).items()}


async def intervals(fleet: int) -> dict[int, float]:
    """The expected seconds between fixes of each vehicle that has shown one."""
    times = await journal_redis().hgetall(_keys(fleet)[1])
    pairs = ((int(vehicle), value.rpartition(b",")[2]) for vehicle, value in times.items())
    return {vehicle: float(interval) for vehicle, interval in pairs if interval}


async def primary_times(vehicles: Sequence[tuple[int, int]]) -> list[int]:
    """The newest time (ms) that the primary device of each (fleet, vehicle) has reported; 0: unknown."""
    pipe = journal_redis().pipeline(transaction=False)
    for fleet, vehicle in vehicles:
        pipe.hget(_keys(fleet)[1], str(vehicle))
    return [int(times.split(b",")[1]) if times else 0 for times in await pipe.execute()]


def forget(fleet: int, vehicles: Iterable[int]) -> None:
    """Take the live state of removed vehicles away."""
    from tracking.journal import connect

    client = connect()
    for key in _keys(fleet):
        for vehicle in vehicles:
            client.hdel(key, str(vehicle))


# --- saying something to every process ------------------------------------------------------


async def send(events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Send events to groups; what cannot be sent is a hint lost, which costs a few seconds."""
    layer = get_channel_layer()
    for name, event in events:
        try:
            await layer.group_send(name, {"type": "hint", **event})
        except (ChannelFull, redis.RedisError, OSError, RuntimeError) as error:
            log.warning("hint lost: %s: %s", type(error).__name__, error)


def announce(events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """The same from synchronous code; call it after the commit."""
    events = list(events)
    if events:
        async_to_sync(send)(events)


def frame(fleet: int, content: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """An event: a frame for everybody who watches the fleet."""
    return group(fleet), {"kind": "frame", "fleet": fleet, "frame": dict(content)}


def outbox(*vehicles: int) -> tuple[str, dict[str, Any]]:
    """An event: the vehicles have a message to fetch."""
    return EVERY_PROCESS, {"kind": "outbox", "vehicles": vehicles}


def acknowledged(vehicle: int) -> tuple[str, dict[str, Any]]:
    """An event: somebody took an alarm of the vehicle."""
    return EVERY_PROCESS, {"kind": "acknowledged", "vehicle": vehicle}


def refresh(fleet: int) -> tuple[str, dict[str, Any]]:
    """An event: the fleet's vehicles changed."""
    return EVERY_PROCESS, {"kind": "refresh", "fleet": fleet}


def look() -> tuple[str, dict[str, Any]]:
    """An event: who may do what has changed; look now instead of within 3 s."""
    return EVERY_PROCESS, {"kind": "look"}


Listener = Callable[[dict[str, Any]], None]


class Hub:
    """The layer in this process: one channel, joined to the groups somebody here listens to."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Listener]] = {}
        self.watched: set[int] = set()
        self._pending: dict[int, dict[int, str]] = {}
        self._last_tick = 0.0
        self._ticking: set[asyncio.Task[None]] = set()
        self._channel: str | None = None
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, name: str, listener: Listener) -> None:
        """Call `listener` with each event of the group from now on. It must not wait."""
        async with self._lock:
            await self._start()
            if name not in self.listeners:
                await get_channel_layer().group_add(name, self._channel)
            self.listeners.setdefault(name, set()).add(listener)

    async def leave(self, name: str, listener: Listener) -> None:
        async with self._lock:
            mine = self.listeners.get(name, set())
            mine.discard(listener)
            if not mine and self.listeners.pop(name, None) is not None:
                with contextlib.suppress(redis.RedisError, OSError, RuntimeError):
                    await get_channel_layer().group_discard(name, self._channel)

    async def watch(self, fleet: int, listener: Listener) -> None:
        """Join the fleet's group and have every process publish the fleet's positions."""
        await self.join(group(fleet), listener)
        self.watched.add(fleet)
        await self._keep_watching()
        await send([(EVERY_PROCESS, {"kind": "watch", "fleet": fleet})])

    def is_watched(self, fleet: int) -> bool:
        """Whether somebody looks at the fleet, here or elsewhere; yes while that is not known yet."""
        return self._channel is None or fleet in self.watched

    async def _start(self) -> None:
        if self._channel is None:
            layer = get_channel_layer()
            self._channel = await layer.new_channel()
            self.listeners[EVERY_PROCESS] = {self._on_process}
            await layer.group_add(EVERY_PROCESS, self._channel)
            self._tasks = [
                asyncio.create_task(self._receive()),
                asyncio.create_task(forever("watched fleets", LOOK_S, self._keep_watching)),
            ]
            with contextlib.suppress(redis.RedisError, OSError):
                await self._keep_watching()

    def _on_process(self, event: dict[str, Any]) -> None:
        if event["kind"] == "watch":
            self.watched.add(event["fleet"])

    async def _receive(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                event = await layer.receive(self._channel)
            except (redis.RedisError, OSError) as error:
                log.warning("channel layer: %s: %s", type(error).__name__, error)
                await asyncio.sleep(1)
                continue
            if event["kind"] == "moved":
                for fleet, items in event["fleets"]:
                    self._tell(group(fleet), {"kind": "positions", "fleet": fleet, "items": items})
            elif event["kind"] in ("frame", "presence"):
                self._tell(group(event["fleet"]), event)
            else:
                self._tell(EVERY_PROCESS, event)

    def _tell(self, name: str, event: dict[str, Any]) -> None:
        for listener in tuple(self.listeners.get(name, ())):
            try:
                listener(event)
            except Exception:
                log.exception("a listener of %s failed", name)

    async def _keep_watching(self) -> None:
        """Say which fleets are watched here, and learn which are watched anywhere."""
        mine = [int(name.partition(".")[2]) for name in self.listeners if name != EVERY_PROCESS]
        now = time.time()
        pipe = shared_redis().pipeline(transaction=False)
        if mine:
            pipe.zadd("watched", {str(fleet): now + WATCH_S for fleet in mine})
        pipe.zremrangebyscore("watched", "-inf", now)
        pipe.zrangebyscore("watched", now, "+inf")
        self.watched = {int(fleet) for fleet in (await pipe.execute())[-1]} | set(mine)

    # --- positions: a tick for all watched fleets -------------------------------------------

    def publish(self, fleet: int, moved: Mapping[int, str]) -> None:
        """Send what moved: at once when the last tick is 100 ms old, else when it is.

        One event for all fleets, to all processes: a thousand fleets would be as many events a tick.
        """
        if self._channel is None:  # nothing has listened here yet, so it is not known who watches
            self._spawn(self.join(EVERY_PROCESS, self._on_process))
        if fleet not in self.watched or not moved:
            return
        waiting = bool(self._pending)
        self._pending.setdefault(fleet, {}).update(moved)
        if not waiting:
            self._spawn(self._tick())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._ticking.add(task)
        task.add_done_callback(self._ticking.discard)

    async def _tick(self) -> None:
        wait = self._last_tick + TICK_S - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        self._last_tick = time.monotonic()
        pending, self._pending = self._pending, {}
        fleets = [(fleet, list(items.items())) for fleet, items in pending.items()]
        await send([(EVERY_PROCESS, {"kind": "moved", "fleets": fleets})])


@per_loop
def hub() -> Hub:
    return Hub()
