"""The past for pages and programs (docs/PROTOCOL.md §5): a track, a fleet at a moment, who was near."""

import gzip
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from dashboard import access, limits
from dashboard.errors import api_error
from dashboard.views.tracks import NEVER_KEPT, Refused, asking, moment
from tracking import database
from tracking.history import past
from tracking.history.review import LEAST, MOST, UTMOST, encode, review
from tracking.history.within import within
from tracking.models import Vehicle

MAX_RANGE_MS = 366 * 86_400_000
MAX_WITHIN_MS = 31 * 86_400_000
MAX_RADIUS_M = 50_000
GZIP_BYTES, GZIP_LEVEL = 2048, 4
P = ParamSpec("P")
Answer = Callable[Concatenate[User, HttpRequest, P], dict[str, Any]]


def answered(answer: Answer[P]) -> Callable[Concatenate[HttpRequest, P], Coroutine[Any, Any, HttpResponse]]:
    """A view of a function that takes who asks and returns what to say; ValueError says what is wrong."""

    def made(user: User, request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> bytes:
        return encode(answer(user, request, *args, **kwargs))

    @require_GET
    async def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            user = await asking(request, limits.API)
            content = await database.run_long(made, user, request, *args, **kwargs)
        except Refused as refused:
            return refused.response
        except ValueError as error:
            return api_error(400, "bad_request", str(error))
        return _json(content, zipped="gzip" in request.headers.get("Accept-Encoding", ""))

    return view


def _json(content: bytes, *, zipped: bool) -> HttpResponse:
    headers = {"Cache-Control": NEVER_KEPT, "Vary": "Accept-Encoding, Cookie"}
    if zipped and len(content) >= GZIP_BYTES:
        content = gzip.compress(content, GZIP_LEVEL)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(content, content_type="application/json", headers=headers)


@answered
def history(user: User, request: HttpRequest, pk: str) -> dict[str, Any]:
    """`from`, `to`, `most`: the track of a vehicle as a screen shows it, and what it adds up to."""
    vehicle = access.vehicle_or_404(user, int(pk))
    start, end = _range(request, MAX_RANGE_MS)
    most = round(_number(request, "most", LEAST, UTMOST, MOST))
    device = vehicle.devices.order_by("-primary", "uid").first()
    about = {
        "id": vehicle.pk,
        "name": vehicle.name,
        "uid": device.uid if device else None,
        "fleet": vehicle.fleet.slug,
        "plate": vehicle.plate,
        "icon": vehicle.icon,
        "colour": vehicle.colour,
    }
    return {"vehicle": about, **review(vehicle.pk, start_ms=start, end_ms=end, most=most)}


@answered
def state(user: User, request: HttpRequest) -> dict[str, Any]:
    """`at`, `fleets`: where every vehicle was."""
    vehicles = _vehicles(user, request)
    at = _moment(request, "at")
    found = past.state_at(vehicles, at)
    return {
        "at": at,
        "items": found.items,
        "intervals": {str(vehicle): seconds for vehicle, seconds in found.intervals.items()},
        "alerts": {str(vehicle): count for vehicle, count in past.alerts_at(vehicles, at).items()},
        "online": found.online,
    }


@answered
def tracks(user: User, request: HttpRequest) -> dict[str, Any]:
    """`from`, `to` (at most an hour), `fleets`: how every vehicle moved, thinned for playing."""
    vehicles = _vehicles(user, request)
    start, end = _range(request, past.MAX_PLAYED_MS)
    step, found = past.tracks(vehicles, start, end)
    return {"from": start, "to": end, "step": step, "tracks": {str(v): track for v, track in found.items()}}


@answered
def near(user: User, request: HttpRequest) -> dict[str, Any]:
    """`lat`, `lon`, `radius`, `from`, `to`, `fleets`: which vehicles were there."""
    names = _vehicles(user, request)
    start, end = _range(request, MAX_WITHIN_MS)
    latitude, longitude = _number(request, "lat", -90, 90), _number(request, "lon", -180, 180)
    radius = _number(request, "radius", 1, MAX_RADIUS_M)
    visits = within(names, latitude=latitude, longitude=longitude, radius=radius, start_ms=start, end_ms=end)
    return {
        "vehicles": [
            {
                "id": visit.vehicle,
                "name": names[visit.vehicle],
                "first": visit.first,
                "last": visit.last,
                "nearest": round(visit.nearest, 1),
                "fixes": visit.fixes,
            }
            for visit in visits
        ],
        "complete": True,
    }


def _vehicles(user: User, request: HttpRequest) -> dict[int, str]:
    """Id and name of the vehicles of the fleets named, or of all that the user sees."""
    seen = Vehicle.objects.visible_to(user)
    if slugs := request.GET.get("fleets", ""):
        fleets = [access.fleet_or_404(user, slug) for slug in slugs.split(",")]
        seen = seen.filter(fleet__in=fleets)
    return dict(seen.order_by("pk").values_list("pk", "name"))


def _range(request: HttpRequest, longest: int) -> tuple[int, int]:
    start, end = _moment(request, "from"), _moment(request, "to")
    if end < start:
        raise ValueError("to: is before from")
    if end - start > longest:
        raise ValueError(f"from, to: at most {longest // 3_600_000} hours")
    return start, end


def _moment(request: HttpRequest, name: str) -> int:
    if not request.GET.get(name):
        raise ValueError(f"{name}: is missing; a time such as 2026-11-23T08:00:00Z")
    return moment(name, request.GET[name])


def _number(
    request: HttpRequest, name: str, least: float, most: float, otherwise: float | None = None
) -> float:
    text = request.GET.get(name, "")
    if not text and otherwise is not None:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:  # NaN neither
        raise ValueError(f"{name}: a number from {least:g} to {most:g}")
    return number
