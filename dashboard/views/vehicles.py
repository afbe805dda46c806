"""One vehicle: its drawer on the map, its page on its own, and its track to take away."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.access import Request, may, signed_in, vehicle_or_404
from dashboard.views.messages import thread_context
from tracking.live import PRIMARY_SILENT_MS
from tracking.models import Alert, Latest, Role, Vehicle
from tracking.states import STATES, state

FORMATS = {"geojson": "GeoJSON", "gpx": "GPX", "kml": "KML", "csv": "CSV"}
LAST_HOURS = (1, 8, 24)


@require_safe
@signed_in
def vehicle(request: Request, pk: int) -> HttpResponse:
    """The page of a vehicle; to htmx, the drawer."""
    found = vehicle_or_404(request.user, pk)
    context = {
        "vehicle": found,
        "devices": list(found.devices.all()),
        "formats": FORMATS,
        "last_hours": LAST_HOURS,
        **_now(found),
        **thread_context(found, may_write=may(request.user, found.fleet, Role.DISPATCHER)),
    }
    return render(request, "dashboard/_vehicle.html" if request.htmx else "dashboard/vehicle.html", context)


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
            raise forms.ValidationError("There is no such time zone.") from error

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
            raise forms.ValidationError("The end of the period must be after its start.")
        return data


@require_safe
@signed_in
def export(request: Request, pk: int) -> HttpResponse:
    """Lead from the drawer's form to the track it asks for."""
    found = vehicle_or_404(request.user, pk)
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


def _now(found: Vehicle) -> dict[str, object]:
    """What the database knows of it now; the page's socket knows better within a second."""
    # As on the map: the primary device, or another while that one has been silent.
    latest = max(
        Latest.objects.filter(vehicle=found).select_related("device"),
        key=lambda row: row.time + (PRIMARY_SILENT_MS if row.device.primary else 0),
        default=None,
    )
    alerts = Alert.objects.filter(vehicle=found, status=Alert.Status.OPEN).count()
    now_ms = int(timezone.now().timestamp() * 1000)
    # When it last moved is not known here: the page's socket knows.
    name = state(
        now=now_ms,
        time=latest.time if latest else None,
        alerts=alerts,
        speed=latest.speed if latest else None,
        ignition=latest.ignition if latest else None,
    )
    return {
        "latest": latest,
        "latest_at": datetime.fromtimestamp(latest.time / 1000, UTC) if latest else None,
        "state": name,
        "state_word": STATES[name],
        "odometer_km": f"{latest.odometer / 1000:,.0f}" if latest and latest.odometer is not None else None,
        "speed_kmh": round(latest.speed * 3.6) if latest and latest.speed is not None else None,
    }
