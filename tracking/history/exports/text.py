"""How values are written, the same in every format. Pure."""

import html
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from tracking.fixes import EPOCH
from tracking.history.tracks import Row

CHUNK_BYTES = 64 * 1024
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SECOND = [f"{second:02d}." for second in range(60)]
_MILLISECOND = [f"{ms:03d}Z" for ms in range(1000)]


class About(Struct, frozen=True):
    """Whose track it is. `fleet` is a slug."""

    uid: str
    name: str
    fleet: str


class Track(Struct, frozen=True):
    """A vehicle's fixes on their way into a file."""

    vehicle: int
    about: About
    pages: Iterable[list[Row]]


@lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    return (EPOCH + timedelta(minutes=minutes)).isoformat()[:17]


def iso(ms: int) -> str:
    """Milliseconds since the epoch as `2026-11-23T08:00:01.000Z`, quickly: it is needed twice a row."""
    seconds = ms // 1000
    return _minute(seconds // 60) + _SECOND[seconds % 60] + _MILLISECOND[ms % 1000]


def decimal(value: float) -> str:
    """The number in full and without an exponent, which XML's decimals do not have."""
    text = repr(value)
    return text if "e" not in text else format(Decimal(text), "f")


def xml(text: str) -> str:
    """Text between tags; characters that XML cannot hold are left out."""
    return html.escape(NOT_XML.sub("", text), quote=False)


def gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join small parts to chunks of at least CHUNK_BYTES: sending one costs more than writing it."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if size:
        yield b"".join(waiting)


def filename(uid: str, start: int, end: int, ending: str) -> str:
    """`van-7_20261123T080000Z_20261124T080000Z.gpx`: nothing in it that a file system minds."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", uid).strip("._-") or "vehicle"
    first, last = (re.sub(r"[-:]|\.[0-9]+", "", iso(ms)) for ms in (start, end))
    return f"{safe}_{first}_{last}.{ending}"
