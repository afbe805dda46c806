"""What this process knows of devices and keys: read in batches, and believed for FRESH_S at most.

What somebody uses is read again every LOOK_S, all of it in a few queries, so that a fleet that comes
back at once finds its credentials here. A change announces itself (tracking/devices.py) and nothing
older is believed from then on; where that hint is lost, or somebody changed a row by hand, a grant
still ends within FRESH_S.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import redis
from django.db import Error as DatabaseError
from django.db import connection
from msgspec import Struct

from tracking import database, fittings, live
from tracking.loops import forever, per_loop
from tracking.models import Device, IngestKey

log = logging.getLogger("fleetline.device")

FRESH_S = 4.0
KEEP_S = 60.0
MAX_KNOWN = 50_000
CHUNK = 500  # names in one query

# Besides the rows themselves: who shares the vehicle, and how often it was moved.
MARKS = """
SELECT d.uid, d.id, d."primary", d.disabled, d.generation, d.grace_until, d.vehicle_id,
    v.name, v.fleet_id, f.slug, f.suspended,
    (SELECT SUM(s.id) FROM tracking_device s WHERE s.vehicle_id = d.vehicle_id),
    (SELECT COUNT(*) FROM tracking_fitting t WHERE t.device_id = d.id)
FROM tracking_device d
JOIN tracking_vehicle v ON v.id = d.vehicle_id
JOIN tracking_fleet f ON f.id = v.fleet_id
WHERE d.uid IN ({})
"""
Mark = tuple[Any, ...]

A = TypeVar("A")
T = TypeVar("T")


class Facts(Struct, frozen=True):
    """A device as far as its credentials, its vehicle and its fleet go. `grace_until` in s, 0: none."""

    device: int
    uid: str
    primary: bool
    disabled: bool
    generation: int
    grace_until: float
    vehicle: int
    vehicle_name: str
    fleet: int
    slug: str
    suspended: bool
    siblings: tuple[int, ...] = ()
    spans: fittings.Spans = ()


class KeyFacts(Struct, frozen=True):
    """Whose a key is: of a device, by its uid, or of a fleet. `expires` in s, 0: never."""

    uid: str
    fleet: int
    slug: str
    suspended: bool
    expires: float


# --- reading ---------------------------------------------------------------------------------


def read(uids: Sequence[str]) -> dict[str, Facts]:
    """The devices with these uids, in two queries for each CHUNK of them."""
    found: dict[str, Facts] = {}
    for part in _parts(uids):
        # With them those that share their vehicles.
        vehicles = Device.objects.order_by().filter(uid__in=part).values("vehicle_id")
        rows = list(
            Device.objects.order_by()
            .filter(vehicle__in=vehicles)
            .values_list(
                "pk", "uid", "primary", "disabled", "generation", "grace_until", "vehicle_id",
                "vehicle__name", "vehicle__fleet_id", "vehicle__fleet__slug", "vehicle__fleet__suspended",
            )
        )  # fmt: skip
        mates: dict[int, list[int]] = {}
        for row in rows:
            mates.setdefault(row[6], []).append(row[0])
        wanted = set(part)
        spans = fittings.of(row[0] for row in rows if row[1] in wanted)
        for pk, uid, primary, disabled, generation, grace, vehicle, name, fleet, slug, suspended in rows:
            if uid in wanted:
                mine = tuple(mate for mate in mates[vehicle] if mate != pk)
                found[uid] = Facts(
                    pk, uid, primary, disabled, generation, grace.timestamp() if grace else 0.0, vehicle,
                    name, fleet, slug, suspended, mine, spans.get(pk, ()),
                )  # fmt: skip
    return found


def marks(uids: Sequence[str]) -> dict[str, Mark]:
    """What changes whenever the facts of a device do. Far cheaper than those: asked for all, every LOOK_S."""
    found: dict[str, Mark] = {}
    with connection.cursor() as cursor:
        for part in _parts(uids):
            cursor.execute(MARKS.format(", ".join(["%s"] * len(part))), part)
            found.update((row[0], row) for row in cursor.fetchall())
    return found


def read_keys(digests: Sequence[str]) -> dict[str, KeyFacts]:
    """The keys with these digests."""
    found: dict[str, KeyFacts] = {}
    for part in _parts(digests):
        rows = IngestKey.objects.order_by().filter(digest__in=part)
        for digest, uid, fleet, slug, suspended, expires in rows.values_list(
            "digest", "device__uid", "fleet_id", "fleet__slug", "fleet__suspended", "expires"
        ):
            found[digest] = KeyFacts(
                uid or "", fleet or 0, slug or "", bool(suspended), expires.timestamp() if expires else 0.0
            )
    return found


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))


# --- many at once ----------------------------------------------------------------------------


class Batcher(Generic[A, T]):
    """`await batcher(item)`: what is asked for while one batch is under way is the next one."""

    def __init__(self, work: Callable[[Sequence[A]], Any], *, most: int = CHUNK) -> None:
        """`work` is a coroutine function: items to results, in the same order."""
        self._work, self._most = work, most
        self._waiting: list[tuple[A, asyncio.Future[T]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: A) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                results = await self._work([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 (each of those who wait raises it)
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)


# --- remembering -----------------------------------------------------------------------------


class Known(Struct, Generic[T]):
    facts: T
    read_at: float
    used_at: float
    mark: Mark | None = None


class Cache(Generic[T]):
    """Names and what is known of each, none older than FRESH_S."""

    def __init__(
        self,
        read: Callable[[Sequence[str]], dict[str, T]],
        marks: Callable[[Sequence[str]], dict[str, Mark]] | None = None,
    ) -> None:
        """`read` what is known of names; `marks`, where that is cheaper, tells whether it changed."""
        self._read, self._marks = read, marks
        self._known: dict[str, Known[T]] = {}
        self._wanted: set[str] = set()
        self._since = 0.0
        self._ask: Batcher[str, T | None] = Batcher(self._find)

    async def get(self, name: str) -> T | None:
        """What is known of it; None when there is no such thing. Raise when the database cannot be asked."""
        now = time.monotonic()
        known = self._known.get(name)
        if known is not None:
            known.used_at = now
            if known.read_at >= max(self._since, now - FRESH_S):
                return known.facts
        return await self._ask(name)

    def doubt(self) -> None:
        """Something changed: believe nothing that was read before now."""
        self._since = time.monotonic()

    async def refresh(self, wanted: Iterable[str] = ()) -> dict[str, T]:
        """Read again what was used in the last KEEP_S, and what is wanted; return what there is of it.

        What has not changed is the same object as before.
        """
        now = time.monotonic()
        names = {name for name, known in self._known.items() if known.used_at > now - KEEP_S}
        self._wanted = set(wanted)
        names |= self._wanted
        for name in self._known.keys() - names:
            del self._known[name]
        if not names:
            return {}
        changed = names if self._marks is None else await self._changed(sorted(names))
        if changed:
            await self._find(sorted(changed))
        return {name: self._known[name].facts for name in names if name in self._known}

    async def _changed(self, names: Sequence[str]) -> list[str]:
        """Those that must be read again; the others are as good as read now."""
        assert self._marks is not None  # noqa: S101 (for mypy)
        now = time.monotonic()
        found = await database.run(self._marks, names)
        changed = []
        for name in names:
            known, mark = self._known.get(name), found.get(name)
            if known is not None and mark is not None and known.mark == mark:
                known.read_at = max(known.read_at, now)
            else:
                changed.append(name)
                if known is not None:
                    known.mark = mark  # older than what is read now: a change in between shows next time
        return changed

    async def _find(self, names: Sequence[str]) -> list[T | None]:
        now = time.monotonic()
        found = await database.run(self._read, sorted(set(names)))
        return [self._keep(name, found.get(name), now) for name in names]

    def _keep(self, name: str, facts: T | None, now: float) -> T | None:
        known = self._known.get(name)
        if facts is None:
            self._known.pop(name, None)
        elif known is None:
            if len(self._known) < MAX_KNOWN or name in self._wanted:
                self._known[name] = Known(facts, now, now)
        elif known.read_at <= now:
            known.read_at = now
            if known.facts == facts:
                return known.facts
            known.facts = facts
        return facts


class Watcher(Protocol):
    """One who holds on to facts: says of whom, and hears what they are now."""

    def wanted(self) -> Iterable[str]: ...

    async def looked(self, found: Mapping[str, Facts]) -> None: ...


class Roster:
    """The devices and keys in use here, and the task that keeps them fresh."""

    def __init__(self) -> None:
        self.devices: Cache[Facts] = Cache(read, marks)
        self.keys: Cache[KeyFacts] = Cache(read_keys)
        self.watcher: Watcher | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._one = asyncio.Lock()
        self._coming = False

    async def device(self, uid: str) -> Facts | None:
        await self.start()
        return await self.devices.get(uid)

    async def key(self, digest: str) -> KeyFacts | None:
        await self.start()
        return await self.keys.get(digest)

    async def start(self) -> None:
        """Keep fresh what is used here from now on."""
        if not self._tasks:
            self._tasks.add(asyncio.create_task(forever("devices in use", live.LOOK_S, self.look)))
            await live.hub().join(live.EVERY_PROCESS, self._on_event)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["kind"] != "look":
            return
        self.devices.doubt()
        self.keys.doubt()
        if not self._coming:  # a look that has not begun covers this change too
            self._coming = True
            task = asyncio.create_task(self._look_now())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _look_now(self) -> None:
        try:
            await self.look()
        except (DatabaseError, redis.RedisError, OSError) as error:
            log.warning("cannot look, tried again within %g s: %s", live.LOOK_S, error)

    async def look(self) -> None:
        """Read again what is in use, and tell the watcher."""
        async with self._one:
            self._coming = False
            watcher = self.watcher
            found = await self.devices.refresh(watcher.wanted() if watcher else ())
            await self.keys.refresh()
            if watcher:
                await watcher.looked(found)


@per_loop
def roster() -> Roster:
    return Roster()
