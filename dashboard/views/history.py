"""The page of tracks: the browser asks for them, draws and replays them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from dashboard.access import Request, signed_in

FORMATS = {"csv": "CSV", "gpx": "GPX", "geojson": "GeoJSON", "kml": "KML"}
ANY = 0  # stands for a vehicle's id in the addresses that the browser fills in


@require_safe
@signed_in
def history(request: Request) -> HttpResponse:
    """Which vehicles and when are in the address; it is the browser that reads them."""
    return render(request, "dashboard/history.html", {"history_settings": _addresses()})


def _addresses() -> dict[str, object]:
    """Where the page's scripts and links go; "" for a page that is not there."""
    return {
        "history": _address("api_history", ANY),
        "vehicle": _address("vehicle", ANY),
        "exports": _address("exports"),
        "import": _address("track_imports", ANY),
        "tracks": {
            word: reverse("track", args=[ANY, name]) for name, word in FORMATS.items()
        },
    }  # fmt: skip


def _address(name: str, *args: int) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
