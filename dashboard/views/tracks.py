"""Tracks and live positions for programs (docs/PROTOCOL.md §5)."""

import logging
import re
import threading
import weakref
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime

import geojson
import orjson
import redis
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from dashboard import access, limits
from dashboard.errors import api_error, too_many
from tracking import database, live
from tracking.fixes import EPOCH, MAX_AHEAD_MS, MILLISECOND, SECONDS_BELOW, now_ms
from tracking.history.exports import FORMATS, export
from tracking.history.exports.geojson import position, properties
from tracking.history.exports.text import About, filename
from tracking.history.latest import latest
from tracking.history.tracks import Row, in_threads
from tracking.models import Fleet, Role

log = logging.getLogger("fleetline.tracks")

# Exports running at once in a process; each holds a page of rows and shares the readers' threads.
MAX_EXPORTS = 8
RETRY_AFTER_S = 5
DEFAULT_RANGE_MS = 86_400_000
# The years that a date can have, 1 to 9999.
EARLIEST_MS, LATEST_MS = -62_135_596_800_000, 253_402_300_800_000
# The geojson package rounds to 6 unless told otherwise.
MAX_DIGITS = 15
NEVER_KEPT = "private, no-store"

_slots = threading.BoundedSemaphore(MAX_EXPORTS)


class Download:
    """A running export. Holds one of the slots until its response is closed."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], slots: threading.BoundedSemaphore) -> None:
        self._chunks = chunks
        # A request that is cancelled before its answer goes out drops this unread and unclosed.
        self._release = weakref.finalize(self, slots.release)

    def __aiter__(self) -> AsyncGenerator[bytes, None]:
        return self._chunks

    def close(self) -> None:
        """Django keeps this bound method, and so this object, until the response is closed."""
        self._release()


@require_GET
async def track(request: HttpRequest, pk: str, format: str) -> HttpResponseBase:
    """The vehicle's fixes from `from` (included) to `to` (not); the last 24 hours when not given.

    For dispatchers, who may take them away.
    """
    try:
        user = await asking(request, limits.EXPORT)
        about = await database.run(_about, user, int(pk), Role.DISPATCHER)
        start, end = period(request.GET, now=now_ms())
    except Refused as refused:
        return refused.response
    except ValueError as error:
        return api_error(400, "invalid_time", str(error))
    return _stream(about, int(pk), start, end, format)


@require_GET
async def trail(request: HttpRequest, pk: str) -> HttpResponseBase:
    """The same as GeoJSON for everybody who sees the vehicle: at most the 24 hours that a map shows."""
    try:
        user = await asking(request, limits.API)
        about = await database.run(_about, user, int(pk), Role.VIEWER)
        start, end = period(request.GET, now=now_ms())
        if end - start > DEFAULT_RANGE_MS + MAX_AHEAD_MS:
            raise ValueError("from, to: a trail is at most 24 hours; track.geojson has more")
    except Refused as refused:
        return refused.response
    except ValueError as error:
        return api_error(400, "invalid_time", str(error))
    return _stream(about, int(pk), start, end, "geojson")


def _stream(about: About, pk: int, start: int, end: int, format: str) -> HttpResponseBase:
    if not _slots.acquire(blocking=False):
        busy = api_error(429, "busy", f"{MAX_EXPORTS} exports are running. Try again in a moment.")
        busy["Retry-After"] = str(RETRY_AFTER_S)
        return busy
    chunks = in_threads(export(format, about, vehicle_id=pk, start_ms=start, end_ms=end))
    response = StreamingHttpResponse(Download(chunks, _slots), content_type=FORMATS[format].content_type)
    response["Content-Disposition"] = content_disposition_header(
        True, filename(about.uid, start, end, format)
    )
    response["Cache-Control"] = NEVER_KEPT
    # nginx would keep a slow reader's download in its own files.
    response["X-Accel-Buffering"] = "no"
    return response


@require_GET
async def fleet_positions(request: HttpRequest, slug: str) -> HttpResponse:
    """The latest position of every vehicle of the fleet that has one."""
    try:
        user = await asking(request, limits.API)
    except Refused as refused:
        return refused.response
    fleet = await database.run(access.fleet_or_404, user, slug)
    try:
        now = await live.latest(fleet.pk)
    except (redis.RedisError, OSError) as error:
        log.warning("positions from the database alone: %s: %s", type(error).__name__, error)
        now = {}
    content = await database.run(collection, fleet, now)
    return HttpResponse(content, content_type="application/geo+json", headers={"Cache-Control": NEVER_KEPT})


class Refused(Exception):
    """Not now, or not this one: the answer to give."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


async def asking(request: HttpRequest, limit: limits.Limit) -> User:
    """Who asks, by session or API token, and not too often; Refused otherwise."""

    def ask() -> User:
        user = access.reader(request)
        if user is None:
            raise Refused(api_error(401, "unauthenticated", "Sign in, or send Authorization: Bearer flt_…"))
        if wait := limits.wait(limit, user.pk):
            raise Refused(too_many(request, wait))
        return user

    return await database.run(ask)


def _about(user: User, pk: int, least: Role) -> About:
    vehicle = access.vehicle_or_404(user, pk, least)
    device = vehicle.devices.order_by("-primary", "uid").first()
    return About(uid=device.uid if device else f"vehicle-{pk}", name=vehicle.name, fleet=vehicle.fleet.slug)


def collection(fleet: Fleet, now: Mapping[int, str]) -> bytes:
    """A FeatureCollection of the database's latest rows and the live arrays, the newer of each vehicle."""
    features = []
    for pk, (about, row) in latest(fleet).items():
        shown = _from_live(now[pk]) if pk in now else None
        if shown is None or (row is not None and row[0] >= shown[0]):
            shown = row
        if shown is not None:
            names = {"uid": about.uid, "name": about.name, "fleet": about.fleet}
            point = geojson.Point(position(shown), precision=MAX_DIGITS)
            features.append(geojson.Feature(id=pk, geometry=point, properties={**names, **properties(shown)}))
    return orjson.dumps(geojson.FeatureCollection(features))


def _from_live(array: str) -> Row:
    """A live array as a row; it has no altitude, odometer and attributes."""
    (
        _, time, latitude, longitude, speed, heading, battery, alarm, ignition, accuracy, received, *_,
    ) = orjson.loads(array)  # fmt: skip
    known = (time, latitude, longitude, None, speed, heading, accuracy, battery, ignition)
    return *known, None, alarm, received, None, 0


def period(query: Mapping[str, str], *, now: int) -> tuple[int, int]:
    """`from` and `to` in ms since the epoch; ValueError in words.

    The last 24 hours when neither is given. Without `to` it ends where the clocks that run
    ahead may be, so that nothing that has arrived is missing.
    """
    end = moment("to", query["to"]) if query.get("to") else now + MAX_AHEAD_MS
    start = moment("from", query["from"]) if query.get("from") else min(end, now) - DEFAULT_RANGE_MS
    if end < start:
        raise ValueError("to: is before from")
    return start, end


def moment(name: str, text: str) -> int:
    """A time of a query: ISO 8601 with zone, or a number of seconds or milliseconds."""
    if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]+)?", text):
        number = float(text)
        ms = round(number * 1000) if number < SECONDS_BELOW else int(number)
    else:
        # An unescaped + of a query arrives as a space.
        written = re.sub(r"(T.*) ([0-9:]{2,8})$", r"\1+\2", text)
        try:
            time = datetime.fromisoformat(written)
        except ValueError:
            raise ValueError(f"{name}: {text[:40]!r} is not a time such as 2026-11-23T08:00:00Z") from None
        if time.tzinfo is None:
            raise ValueError(f"{name}: {text[:40]!r} has no zone. Add Z or +01:00 (written %2B01:00)")
        ms = (time - EPOCH) // MILLISECOND
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise ValueError(f"{name}: {text[:40]!r} is not in the years 1 to 9999")
    return ms
