"""One vehicle: its drawer on the map, its page on its own, the tabs of both, and its track to take away."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dashboard import units
from dashboard.access import Request, may, signed_in, vehicle_or_404
from dashboard.conversation import thread_context
from dashboard.models import Profile
from tracking import notes, places
from tracking.history import day
from tracking.live import PRIMARY_SILENT_MS
from tracking.models import Alert, Latest, Role, Vehicle
from tracking.states import STATES, state

FORMATS = {"geojson": "GeoJSON", "gpx": "GPX", "kml": "KML", "csv": "CSV"}
LAST_HOURS = (1, 8, 24)
# Name, word, and the address that fetches it.
TABS = (
    ("overview", _("Overview"), "vehicle_overview"),
    ("today", _("Today"), "vehicle_today"),
    ("messages", _("Messages"), "thread"),
    ("device", _("Device"), "device_tab"),
)
# These come with the page; others are fetched by it.
AT_ONCE = {"overview": "dashboard/_overview.html", "messages": "dashboard/_thread.html"}
MOST_STOPS = 20  # the newest


@require_safe
@signed_in
def vehicle(request: Request, pk: int) -> HttpResponse:
    """The page of a vehicle; to htmx, the drawer. `?tab=` says which tab is open."""
    found = vehicle_or_404(request.user, pk)
    tabs = _tabs(pk)
    addresses = {name: address for name, _word, address in tabs}
    tab = request.GET.get("tab", "")
    tab = tab if tab in addresses else "overview"
    context = {
        **_overview(request, found),
        "tabs": tabs,
        "tab": tab,
        "tab_template": AT_ONCE.get(tab),
        "tab_address": addresses[tab],
    }
    if tab == "messages":
        context |= thread_context(found, may_write=may(request.user, found.fleet, Role.DISPATCHER))
    return render(request, "dashboard/_vehicle.html" if request.htmx else "dashboard/vehicle.html", context)


@require_safe
@signed_in
def overview(request: Request, pk: int) -> HttpResponse:
    found = vehicle_or_404(request.user, pk)
    return render(request, "dashboard/_overview.html", _overview(request, found))


@require_safe
@signed_in
def today(request: Request, pk: int) -> HttpResponse:
    """What it did since midnight: in the user's time zone, else in the browser's (`Time-Zone` header)."""
    found = vehicle_or_404(request.user, pk)
    zone = _zone(request)
    now = datetime.now(zone)
    midnight = datetime.combine(now.date(), time.min, tzinfo=zone)
    start, end = (int(moment.timestamp() * 1000) for moment in (midnight, now + timedelta(minutes=10)))
    done = day.read(found.pk, start_ms=start, end_ms=end)
    mine = request.profile.units
    context = {
        "vehicle": found,
        "day": done,
        "distance": units.distance(done.metres, mine),
        "moving": units.duration(done.moving_ms),
        "top_speed": None if done.top_speed is None else units.speed(done.top_speed, mine),
        "first": _moment(done.first),
        "last": _moment(done.last),
        "stops": [_stop(stop, done.last, mine) for stop in reversed(done.stops[-MOST_STOPS:])],
        "zone": str(zone),
    }
    return render(request, "dashboard/_today.html", context)


def _tabs(pk: int) -> list[tuple[str, Any, str]]:
    """Those whose address exists."""
    found = []
    for name, word, address in TABS:
        try:
            found.append((name, word, reverse(address, args=[pk])))
        except NoReverseMatch:
            continue
    return found


def _zone(request: Request) -> ZoneInfo:
    try:
        return ZoneInfo(request.profile.time_zone or request.headers.get("Time-Zone", "") or "UTC")
    except (OSError, ValueError):  # a folder's name; no such zone
        return ZoneInfo("UTC")


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _stop(stop: day.Stop, last: int, mine: str) -> dict[str, Any]:
    imperial = mine == Profile.Units.IMPERIAL
    language = get_language() or "en"
    return {
        "begin": _moment(stop.begin),
        "end": None if stop.end is None else _moment(stop.end),
        "lasted": units.duration((stop.end or last) - stop.begin),
        "place": places.words(stop.latitude, stop.longitude, language=language, imperial=imperial),
    }


def _overview(request: Request, found: Vehicle) -> dict[str, Any]:
    """What the first tab, and the head over all of them, say."""
    latest = _latest(found)
    mine = request.profile.units
    name = _state(found, latest)
    return {
        "vehicle": found,
        "note": notes.get(found),
        "devices": list(found.devices.all()),
        "formats": FORMATS,
        "last_hours": LAST_HOURS,
        "may_write": may(request.user, found.fleet, Role.DISPATCHER),
        "in_drawer": bool(request.htmx),
        "latest": latest,
        "latest_at": _moment(latest.time) if latest else None,
        "state": name,
        "state_word": STATES[name],
        "speed": _or_none(
            latest if name in ("moving", "alarm") else None, "speed", lambda fast: units.speed(fast, mine)
        ),
        "accuracy": _or_none(latest, "accuracy", lambda metres: "±" + units.length(metres, mine)),
        "odometer": _or_none(latest, "odometer", lambda metres: units.distance(metres, mine)),
    }


def _or_none(latest: Latest | None, name: str, words: Callable[[float], str]) -> str | None:
    value = getattr(latest, name, None)
    return None if value is None else words(value)


def _latest(found: Vehicle) -> Latest | None:
    """As on the map: of the primary device, or of another while that one has been silent."""
    return max(
        Latest.objects.filter(vehicle=found).select_related("device"),
        key=lambda row: row.time + (PRIMARY_SILENT_MS if row.device.primary else 0),
        default=None,
    )


def _state(found: Vehicle, latest: Latest | None) -> str:
    """As far as the database knows: when it last moved, the page's socket knows."""
    return state(
        now=int(timezone.now().timestamp() * 1000),
        time=latest.time if latest else None,
        alerts=Alert.objects.filter(vehicle=found, status=Alert.Status.OPEN).count(),
        speed=latest.speed if latest else None,
        ignition=latest.ignition if latest else None,
        silent_moving=1000 * found.fleet.offline_moving_s,
        silent_stopped=1000 * found.fleet.offline_stopped_s,
    )


class ExportForm(forms.Form):
    """`last` hours, or `from` (included) to `to` (not) on the clocks of `zone`."""

    format = forms.ChoiceField(choices=FORMATS.items())
    last = forms.ChoiceField(choices=[(str(hours), hours) for hours in LAST_HOURS] + [("range", "range")])
    zone = forms.CharField(required=False, max_length=64)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        required = self.data.get("last") == "range"
        self.fields["from"] = forms.DateTimeField(required=required)
        self.fields["to"] = forms.DateTimeField(required=required)

    def clean_zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.cleaned_data["zone"] or "UTC")
        except (OSError, ValueError) as error:  # a folder's name; no such zone
            raise forms.ValidationError(_("There is no such time zone.")) from error

    def period(self) -> tuple[datetime, datetime]:
        data = self.cleaned_data
        if data["last"] != "range":
            now = timezone.now()
            return now - timedelta(hours=int(data["last"])), now
        start, end = (data[name].replace(tzinfo=data["zone"]).astimezone(UTC) for name in ("from", "to"))
        return start, end

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not self.errors and self.period()[0] >= self.period()[1]:
            raise forms.ValidationError(_("The end of the period must be after its start."))
        return data


@require_safe
@signed_in
def export(request: Request, pk: int) -> HttpResponse:
    """Lead from the drawer's form to the track it asks for."""
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER)
    form = ExportForm(request.GET)
    if not form.is_valid():
        detail = " ".join(
            str(error) if name == NON_FIELD_ERRORS else f"{name}: {error}"
            for name, errors in form.errors.items()
            for error in errors
        )
        return render(
            request, "400.html", {"detail": detail, "back": reverse("vehicle", args=[pk])}, status=400
        )
    start, end = (time.isoformat(timespec="milliseconds").replace("+00:00", "Z") for time in form.period())
    track = reverse("track", args=[found.pk, form.cleaned_data["format"]])
    return HttpResponseRedirect(f"{track}?{urlencode({'from': start, 'to': end})}")
