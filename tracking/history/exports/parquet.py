"""GeoParquet 1.1: a row a fix, its place as a WKB point, the vehicles one after another.

https://geoparquet.org/releases/v1.1.0/. One row group in memory at a time. pyarrow is imported where a
file is written: the web processes never need its 50 MB.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tracking.history.exports.text import About, Track
from tracking.history.tracks import FIELDS, Row

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 65_536
# Little-endian, kind 1: a point; then x and y as doubles.
_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
_TIMES = {"time", "received"}
_TEXTS = {"alarm", "attributes"}


def write(path: Path, tracks: Iterable[Track]) -> None:
    """Write the tracks; a file without a row when there is no fix. OSError when there is no room."""
    import pyarrow.parquet as pq

    schema = _schema()
    bounds = Bounds()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(tracks, schema, bounds):
            writer.write_table(group, row_group_size=len(group))
        writer.add_key_value_metadata({"geo": json.dumps(_geo(bounds))})


class Bounds:
    """The box around every place: west, south, east, north, in degrees."""

    def __init__(self) -> None:
        self.box: list[float] | None = None

    def add(self, longitude: "np.ndarray[Any, Any]", latitude: "np.ndarray[Any, Any]") -> None:
        new = [longitude.min(), latitude.min(), longitude.max(), latitude.max()]
        old = self.box or new
        self.box = [float(f(a, b)) for f, a, b in zip((min, min, max, max), old, new, strict=True)]


def _schema() -> "pa.Schema":
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    moment = pa.timestamp("ms", tz="UTC")
    kinds: dict[str, Any] = dict.fromkeys(FIELDS, pa.float64())
    kinds |= dict.fromkeys(_TIMES, moment) | dict.fromkeys(_TEXTS, pa.string()) | {"ignition": pa.bool_()}
    names = [("vehicle", pa.int64()), ("uid", word), ("name", word), ("fleet", word)]
    return pa.schema([*names, *kinds.items(), ("geometry", pa.binary())])


def _groups(tracks: Iterable[Track], schema: "pa.Schema", bounds: Bounds) -> Iterator["pa.Table"]:
    """Tables of about GROUP_ROWS rows: small vehicles share one, or a fleet would be thousands of groups."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    size = 0
    for track in tracks:
        for page in track.pages:
            waiting.append(_batch(track.vehicle, track.about, page, schema, bounds))
            size += len(page)
            if size >= GROUP_ROWS:
                yield pa.Table.from_batches(waiting, schema).unify_dictionaries()
                waiting, size = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema).unify_dictionaries()


def _batch(
    vehicle: int, about: About, page: list[Row], schema: "pa.Schema", bounds: Bounds
) -> "pa.RecordBatch":
    import pyarrow as pa

    columns = dict(zip(FIELDS, list(zip(*page, strict=True)), strict=False))
    columns["ignition"] = tuple(None if known is None else bool(known) for known in columns["ignition"])
    longitude, latitude = np.array(columns["longitude"], "<f8"), np.array(columns["latitude"], "<f8")
    bounds.add(longitude, latitude)
    count = len(page)
    index = pa.array(np.zeros(count, "int32"))
    words = [pa.DictionaryArray.from_arrays(index, [word]) for word in (about.uid, about.name, about.fleet)]
    arrays = [pa.array(np.full(count, vehicle, "int64")), *words]
    arrays += [pa.array(columns[name], schema.field(name).type) for name in FIELDS]
    return pa.RecordBatch.from_arrays([*arrays, _points(longitude, latitude)], schema=schema)


def _points(longitude: "np.ndarray[Any, Any]", latitude: "np.ndarray[Any, Any]") -> "pa.Array":
    import pyarrow as pa

    points = np.zeros(len(longitude), _POINT)
    points["order"], points["kind"], points["x"], points["y"] = 1, 1, longitude, latitude
    ends = np.arange(len(points) + 1, dtype="<i4") * _POINT.itemsize
    return pa.Array.from_buffers(
        pa.binary(), len(points), [None, pa.py_buffer(ends), pa.py_buffer(points.tobytes())]
    )


def _geo(bounds: Bounds) -> dict[str, Any]:
    # Without a `crs` it is OGC:CRS84: longitude, latitude.
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Point"] if bounds.box else []}
    if bounds.box:
        column["bbox"] = bounds.box
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
