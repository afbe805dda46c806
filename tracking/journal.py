"""The journal: everything that devices say, durable before it is answered. The only file that
knows the Redis Stream.

One entry is a block: a version byte and a msgpack array of what was heard. An entry leaves
the stream only after the transaction that holds it committed; nothing is ever trimmed.
"""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec
import redis
from django.conf import settings
from msgspec import Struct
from redis.asyncio.client import Pipeline

from tracking.fixes import Fix, Rejection

log = logging.getLogger("fleetline.journal")

VERSION = b"\x01"
WAKE_MS = 2000
LEASE_MS = 6_000


class Heard(Struct, array_like=True, gc=False):
    """Who said it, and when it arrived (ms)."""

    vehicle: int
    device: int
    received: int


class Fixes(Heard, tag="f", gc=False):
    fixes: list[Fix]


class Refusals(Heard, tag="q", gc=False):
    rejections: list[Rejection]


class Heartbeat(Heard, tag="h", gc=False):
    """A sign of life without a position: the battery (percent) at `time` (ms)."""

    time: int
    battery: float


class Receipt(Heard, tag="r", gc=False):
    id: str
    status: str
    detail: str


class Said(Heard, tag="s", gc=False):
    """A reply or a say; `id` is the device's own."""

    kind: str
    id: str
    text: str
    in_reply_to: str | None


Entry = Fixes | Refusals | Heartbeat | Receipt | Said
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode

# KEYS stream, length, wake, pressing  ARGV block, positions, limit, wake ms, whether somebody waits for it
# Returns FULL, TAKEN, or WAKE: taken, and the archiver is to be woken.
FULL, TAKEN, WAKE = 0, 1, 2
APPEND = """
local length = tonumber(redis.call('GET', KEYS[2]) or '0')
if length > 0 and length + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return 0 end
redis.call('XADD', KEYS[1], '*', 'b', ARGV[1], 'n', ARGV[2])
redis.call('INCRBY', KEYS[2], ARGV[2])
if ARGV[5] == '1' then redis.call('SET', KEYS[4], '1', 'PX', ARGV[4]) end
if redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[4]) then return 2 end
return 1
"""
# KEYS stream, length  ARGV id, positions, id, positions, …
DELETE = """
local gone = 0
for i = 1, #ARGV, 2 do
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then gone = gone + tonumber(ARGV[i + 1]) end
end
redis.call('DECRBY', KEYS[2], gone)
return gone
"""
# KEYS lease  ARGV owner, ms: taken or renewed by its owner
HOLD = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def stream(shard: int) -> str:
    return f"journal:{{{shard}}}"


def shard_of(vehicle: int) -> int:
    return vehicle % settings.JOURNAL_SHARDS


def weight(entry: Entry) -> int:
    """How many positions an entry counts for in the journal's limit."""
    if isinstance(entry, Fixes):
        return len(entry.fixes)
    return len(entry.rejections) if isinstance(entry, Refusals) else 1


def presses(entry: Entry) -> bool:
    """Whether a person waits for it: an alarm, or a word in a conversation."""
    if isinstance(entry, Fixes):
        return any([fix.alarm for fix in entry.fixes])  # noqa: C419 (a generator takes twice as long)
    return isinstance(entry, Receipt | Said)


def encode(entries: Iterable[Entry]) -> bytes:
    return VERSION + _encode(list(entries))


def decode(block: bytes) -> list[Entry]:
    """Raise ValueError for a block of another version or one that is damaged."""
    if block[:1] != VERSION:
        raise ValueError(f"block of version {block[:1].hex()}")
    try:
        return _decode(block[1:])
    except msgspec.MsgspecError as error:
        raise ValueError(f"damaged block: {error}") from error


def append(pipe: "Pipeline[Any]", entries: Iterable[Entry]) -> list[int]:
    """Put one block per shard on the pipeline; return the shards in the order of its answers."""
    count = settings.JOURNAL_SHARDS
    shards: dict[int, list[Entry]] = {}
    for entry in entries:
        shards.setdefault(entry.vehicle % count, []).append(entry)
    for shard, mine in shards.items():
        key = stream(shard)
        pressing = int(any(map(presses, mine)))
        pipe.eval(
            APPEND, 4, key, f"{key}:length", f"{key}:wake", f"{key}:pressing",
            encode(mine), sum(map(weight, mine)), settings.JOURNAL_LIMIT, WAKE_MS, pressing,
        )  # fmt: skip
    return list(shards)


# --- the archiver's side (synchronous: it runs in a Celery task) ---------------------------


def connect(url: str = "") -> "redis.Redis[bytes]":
    return redis.Redis.from_url(
        url or settings.JOURNAL_URL, socket_timeout=settings.REDIS_TIMEOUT_S, socket_connect_timeout=5
    )


class Reader:
    """One shard of the journal, read in order under a lease; two overlapping readers are harmless."""

    def __init__(self, client: "redis.Redis[bytes]", shard: int, *, owner: str) -> None:
        self.client, self.shard, self.owner = client, shard, owner
        self.key = stream(shard)

    def hold(self) -> bool:
        """Take or renew the lease; False when another archiver has it."""
        return bool(self.client.eval(HOLD, 1, f"{self.key}:lease", self.owner, str(LEASE_MS)))

    def release(self) -> None:
        self.client.eval(RELEASE, 1, f"{self.key}:lease", self.owner)

    def rest(self) -> None:
        """From now on a writer wakes an archiver again. Read once more after calling this."""
        self.client.delete(f"{self.key}:wake")

    def awake(self) -> None:
        """Tell the writers that nobody needs waking."""
        self.client.set(f"{self.key}:wake", "1", px=WAKE_MS)

    def claim_waking(self) -> bool:
        """Whether it is the caller who wakes an archiver: then nobody else does for WAKE_MS."""
        return bool(self.client.set(f"{self.key}:wake", "1", nx=True, px=WAKE_MS))

    def presses(self, positions: int) -> bool:
        """Whether somebody waits for what came since this was asked, or so many positions are in it."""
        pressing, length = self.client.getdel(f"{self.key}:pressing"), self.client.get(f"{self.key}:length")
        return pressing is not None or int(length or 0) >= positions

    def read(self, positions: int) -> list[tuple[bytes, int, bytes]]:
        """The oldest blocks, about so many positions together: (stream id, positions, block)."""
        blocks: list[tuple[bytes, int, bytes]] = []
        start, total = "-", 0
        while total < positions:
            page = self.client.xrange(self.key, min=start, count=64)
            for id_, fields in page:
                blocks.append((id_, int(fields[b"n"]), fields[b"b"]))
                total += int(fields[b"n"])
                if total >= positions:
                    break
            if len(page) < 64:
                break
            start = f"({page[-1][0].decode()}"
        return blocks

    def delete(self, blocks: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Forget blocks whose transaction has committed."""
        argv = [part for id_, count, _ in blocks for part in (id_, str(count))]
        if argv:
            self.client.eval(DELETE, 2, self.key, f"{self.key}:length", *argv)


def backlog(client: "redis.Redis[bytes]") -> tuple[int, float]:
    """Positions that wait to be archived, and the age in seconds of the oldest block."""
    length, oldest = 0, 0.0
    seconds, micros = client.time()
    for shard in range(settings.JOURNAL_SHARDS):
        key = stream(shard)
        length += int(client.get(f"{key}:length") or 0)
        for id_, _ in client.xrange(key, count=1):
            oldest = max(oldest, seconds + micros / 1e6 - int(id_.split(b"-")[0]) / 1000)
    return length, max(oldest, 0.0)
