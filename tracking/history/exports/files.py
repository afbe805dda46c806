"""A whole file of several tracks on disk, and what is in it.

Text formats give a file a vehicle, in a ZIP when there is more than one; Parquet and XLSX hold all
vehicles in one file, which goes into the ZIP too when several formats are wanted.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from tracking.history.exports import FORMATS as TEXT_FORMATS
from tracking.history.exports.tally import GAP_RULE, Tally
from tracking.history.exports.text import About, Track, filename, gathered, iso
from tracking.history.tracks import Row, pages

FORMATS = (*TEXT_FORMATS, "parquet", "xlsx")
CHUNK = 1024 * 1024
LEVEL = 5  # of compression: half the time of 9 for 3 % more bytes


class Subject(Struct, frozen=True):
    """Whose track is wanted."""

    vehicle: int
    about: About


class Order(Struct, frozen=True):
    """What is wanted: `start` (ms) is included, `end` is not; `by` is the person's name."""

    subjects: Sequence[Subject]
    formats: Sequence[str]
    start: int
    end: int
    zone: str
    by: str
    software: str


def ending(formats: Sequence[str], vehicles: int) -> str:
    """What the file's name ends with."""
    alone = len(formats) == 1 and (vehicles == 1 or formats[0] not in TEXT_FORMATS)
    return formats[0] if alone else "zip"


def name(order: Order) -> str:
    of = order.subjects[0].about.uid if len(order.subjects) == 1 else f"{len(order.subjects)}-vehicles"
    return filename(of, order.start, order.end, ending(order.formats, len(order.subjects)))


def write(path: Path, order: Order, *, made: str, advance: Callable[[int], None]) -> dict[str, Any]:
    """Write the file and return its manifest; `advance` is told of each page, and may raise to stop it.

    `made`: ISO time. OSError when there is no room.
    """
    writer = Writer(order, made, advance)
    if ending(order.formats, len(order.subjects)) == "zip":
        writer.zip(path)
    else:
        writer.alone(path, order.formats[0])
    return {
        **writer.about(),
        "file": name(order),
        "bytes": path.stat().st_size,
        "sha256": digest(path),
    }


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Writer:
    def __init__(self, order: Order, made: str, advance: Callable[[int], None]) -> None:
        self.order, self.made, self._advance = order, made, advance
        self._tallies = {subject.vehicle: Tally() for subject in order.subjects}
        self._inside: list[dict[str, Any]] = []

    def alone(self, path: Path, format: str) -> None:
        """The one file of one format."""
        if format in TEXT_FORMATS:
            with path.open("wb") as file:
                for chunk in self._text(format, self.order.subjects[0]):
                    file.write(chunk)
        elif format == "parquet":
            from tracking.history.exports import parquet

            parquet.write(path, self._tracks())
        else:
            from tracking.history.exports import xlsx

            xlsx.write(path, self._tracks(), zone=ZoneInfo(self.order.zone), head=self._head())

    def zip(self, path: Path) -> None:
        """A file a vehicle and text format, one of each other format, and `manifest.json`."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            names = _Names()
            for format in self.order.formats:
                if format in TEXT_FORMATS:
                    for subject in self.order.subjects:
                        uid = names.new(subject.about.uid)
                        inside = filename(uid, self.order.start, self.order.end, format)
                        self._put(archive, inside, self._text(format, subject))
                else:
                    beside = path.with_name(f"{path.name}.{format}")
                    try:
                        self.alone(beside, format)
                        inside = filename("vehicles", self.order.start, self.order.end, format)
                        self._put(archive, inside, _chunks(beside))
                    finally:
                        beside.unlink(missing_ok=True)
            archive.writestr("manifest.json", json.dumps(self.about(), ensure_ascii=False, indent=1))

    def _put(self, archive: zipfile.ZipFile, inside: str, chunks: Iterable[bytes]) -> None:
        sha, size = hashlib.sha256(), 0
        with archive.open(inside, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                sha.update(chunk)
                size += len(chunk)
        self._inside.append({"file": inside, "bytes": size, "sha256": sha.hexdigest()})

    def _text(self, format: str, subject: Subject) -> Iterator[bytes]:
        return gathered(TEXT_FORMATS[format].write(self._pages(subject), subject.about))

    def _tracks(self) -> Iterator[Track]:
        for subject in self.order.subjects:
            yield Track(subject.vehicle, subject.about, self._pages(subject))

    def _pages(self, subject: Subject) -> Iterator[list[Row]]:
        # Of several formats the last one's: each is read anew, and fixes may arrive meanwhile.
        self._tallies[subject.vehicle] = tally = Tally()
        found = pages(subject.vehicle, start_ms=self.order.start, end_ms=self.order.end)
        for page in tally.watch(found):
            yield page
            self._advance(len(page))

    def _head(self) -> list[tuple[str, str]]:
        """What the first sheet of a workbook says."""
        order = self.order
        return [
            ("from (UTC)", iso(order.start)),
            ("to, not included", iso(order.end)),
            ("time zone", order.zone),
            ("vehicles", ", ".join(subject.about.name for subject in order.subjects)),
            ("made", f"{self.made}, {order.by}"),
            ("software", order.software),
            ("numbers", "15 digits, as Excel keeps them"),
        ]

    def about(self) -> dict[str, Any]:
        """The manifest: what was asked for, and what is in it."""
        order = self.order
        content: dict[str, Any] = {
            "software": order.software,
            "made": self.made,
            "by": order.by,
            "from": iso(order.start),
            "to": iso(order.end),
            "time_zone": order.zone,
            "formats": list(order.formats),
            "gap_rule": GAP_RULE,
            "fixes": sum(tally.fixes for tally in self._tallies.values()),
            "vehicles": [_subject(s, self._tallies[s.vehicle]) for s in order.subjects],
        }
        return {**content, "files": self._inside} if self._inside else content


def _subject(subject: Subject, tally: Tally) -> dict[str, Any]:
    about = subject.about
    return {
        "id": subject.vehicle,
        "uid": about.uid,
        "name": about.name,
        "fleet": about.fleet,
        "fixes": tally.fixes,
        "first": None if tally.first is None else iso(tally.first),
        "last": None if tally.last is None else iso(tally.last),
        "gaps": [[iso(start), iso(end)] for start, end in tally.gaps],
        "more_gaps": tally.more_gaps,
    }


class _Names:
    """Names for the files of a ZIP, none twice, also where case does not count."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def new(self, uid: str) -> str:
        number, found = 1, uid
        while self._given.setdefault(filename(found, 0, 0, "").lower(), uid) != uid:
            number += 1
            found = f"{uid}-{number}"
        return found


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
