"""Places in words, for the list and the drawer."""

from django.http import HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from dashboard.access import Request, signed_in
from dashboard.errors import api_error
from dashboard.models import Profile
from tracking import places as known

MAX_PLACES = 100
KEPT_S = 3600  # streets and cities stay where they are


@require_safe
@signed_in
def places(request: Request) -> HttpResponse:
    """`?at=lat,lon&at=…` → `{"places": ["Kungsgatan", …]}` in that order, for the reader."""
    asked = request.GET.getlist("at")
    if not 1 <= len(asked) <= MAX_PLACES:
        return api_error(400, "bad_request", f"Give 1 to {MAX_PLACES} places as at=latitude,longitude.")
    language, imperial = get_language() or "en", request.profile.units == Profile.Units.IMPERIAL
    try:
        points = [_point(text) for text in asked]
        found = [known.words(lat, lon, language=language, imperial=imperial) for lat, lon in points]
    except ValueError:
        return api_error(400, "bad_request", "A place is at=latitude,longitude in degrees: at=57.7,11.97.")
    response = JsonResponse({"places": found})
    response["Cache-Control"] = f"private, max-age={KEPT_S}"
    response["Vary"] = "Accept-Language"
    return response


def _point(text: str) -> tuple[float, float]:
    lat, lon = text.split(",")
    return float(lat), float(lon)
