"""A PMTiles archive with one tile, as small as one can be."""

import gzip
import json
import struct
import zlib
from typing import Any

MVT, PNG = 1, 2
HEADER = 127


def archive(
    tile: bytes,
    kind: int,
    *,
    bounds: tuple[float, float, float, float] = (-180, -85, 180, 85),
    **metadata: Any,
) -> bytes:
    """Tile 0/0/0, uncompressed; https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md"""
    # One entry: id 0, run 1, length, offset 0 (stored as 1).
    directory = bytes([1, 0, 1]) + varint(len(tile)) + bytes([1])
    said = gzip.compress(json.dumps(metadata).encode())
    root = gzip.compress(directory)
    places, at = [], HEADER
    for part in (root, said, b"", tile):
        places += [at, len(part)]
        at += len(part)
    head = b"PMTiles\x03" + struct.pack("<8Q", *places) + struct.pack("<3Q", 1, 1, 1)
    head += bytes([1, 2, 1, kind, 0, 0]) + struct.pack("<4i", *(round(edge * 1e7) for edge in bounds))
    head += bytes([0]) + struct.pack("<2i", 0, 0)
    assert len(head) == HEADER
    return head + root + said + tile


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def png(red: int, green: int, blue: int, side: int = 256) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * side) * side
    chunks = [
        (b"IHDR", struct.pack(">2I5B", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    packed = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def vector(layer: str) -> bytes:
    """A tile whose one layer covers all of it with a polygon."""
    ring = [9, 0, 0, 26, 8192, 0, 0, 8192, 8191, 0, 15]  # move, three lines, close; zigzag
    geometry = b"".join(varint(number) for number in ring)
    feature = b"\x18\x03" + b"\x22" + varint(len(geometry)) + geometry
    inside = b"\x0a" + varint(len(layer)) + layer.encode() + b"\x12" + varint(len(feature)) + feature
    inside += b"\x28" + varint(4096) + b"\x78\x02"
    return b"\x1a" + varint(len(inside)) + inside
