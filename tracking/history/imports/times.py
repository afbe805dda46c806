"""Times as files write them: with a zone, or on clocks that somebody names. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracking.fixes import EPOCH, MILLISECOND, milliseconds

FORMS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,16}(\.\d+)?")
_PLUS_LOST = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)")


class Times:
    """Reads the times of one file. `zone`: of those without one; None: they are taken as UTC."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self.zone = zone
        self.without_zone = 0
        self._last: dict[str, int] = {}

    def read(self, value: Any, track: str = "") -> int:
        """Milliseconds since the epoch. ValueError in words."""
        if value is None or value == "":
            raise ValueError("time: there is none")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"time: {str(value)[:40]!r} is none")
        if not isinstance(value, str) or _NUMBER.fullmatch(value.strip()):
            return milliseconds(float(value))
        moment = _parse(value.strip())
        if moment.tzinfo is not None:
            return (moment - EPOCH) // MILLISECOND
        self.without_zone += 1
        return self._local(moment, track)

    def _local(self, moment: datetime, track: str) -> int:
        """An hour that comes twice is the second where the first were not later than the row before."""
        zone = self.zone or UTC
        found = _ms(moment.replace(tzinfo=zone))
        again = _ms(moment.replace(tzinfo=zone, fold=1))
        if again < found:  # the clocks went forward over it
            raise ValueError(f"time: {moment:%Y-%m-%d %H:%M:%S} was on no clock of {zone}")
        if again > found and found <= self._last.get(track, found - 1):
            found = again
        self._last[track] = found
        return found


def _ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(_PLUS_LOST.sub(r"\1+\2", text))
    except ValueError:
        pass
    for form in FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (its zone is asked for)
        except ValueError:
            continue
    raise ValueError(f"time: {text[:40]!r} is not a time such as 2026-11-23T08:00:00Z")
