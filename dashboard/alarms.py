"""What the alert bar and the page of alerts say of each alert, and which ones somebody asks for."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dashboard.access import Request, fleets_where
from dashboard.models import Profile
from tracking import alerts as ledger
from tracking import places
from tracking.models import Alert, Fleet, Role, Vehicle

LATE_MS = 60_000  # an alert that took longer to arrive says when it did
KINDS = {
    "sos": _("SOS"),
    "crash": _("Crash"),
    "tow": _("Tow"),
    "power_cut": _("Power cut"),
    "low_battery": _("Low battery"),
    "overspeed": _("Too fast"),
    "geofence_enter": _("Entered an area"),
    "geofence_exit": _("Left an area"),
    "tamper": _("Tampered with"),
    "jamming": _("Jamming"),
    "fall": _("Fall"),
}
CURRENT, EVERY = "", "all"
STATES = {
    CURRENT: pgettext_lazy("alerts", "Not closed"),
    Alert.Status.OPEN: pgettext_lazy("alerts", "Open"),
    Alert.Status.ACKNOWLEDGED: pgettext_lazy("alerts", "Taken on"),
    Alert.Status.CLOSED: pgettext_lazy("alerts", "Closed"),
    EVERY: pgettext_lazy("alerts", "All"),
}


def visible(user: User) -> "QuerySet[Alert]":
    # Vehicle ids, not a join: alerts of a removed vehicle belong to nobody.
    vehicles = Vehicle.objects.visible_to(user)
    return Alert.objects.filter(vehicle__in=vehicles).select_related("vehicle__fleet", "vehicle__driver")


def kind_words(kind: str) -> str:
    """`sos` → SOS, `power_cut` → Power cut; a word that nobody has translated as it came."""
    return str(KINDS.get(kind) or kind.replace("_", " ").capitalize())


def rows(request: Request, found: Iterable[Alert]) -> list[dict[str, Any]]:
    """What a template needs of each alert: words, moments, who drove then, and what the reader may do."""
    found = list(found)
    writable = fleets_where(request.user, Role.DISPATCHER)
    drivers = ledger.drivers(found)
    language, imperial = get_language() or "en", request.profile.units == Profile.Units.IMPERIAL
    return [
        {
            "alert": alert,
            "vehicle": alert.vehicle,
            "kind": kind_words(alert.kind),
            "driver": drivers.get(alert.pk),
            "place": places.words(alert.latitude, alert.longitude, language=language, imperial=imperial),
            "time": _moment(alert.time),
            "last_time": _moment(alert.last_time),
            "received": _moment(alert.received),
            "late": alert.received - alert.time >= LATE_MS,
            "may_act": alert.vehicle.fleet_id in writable,
            "sounds": alert.vehicle.fleet_id in writable and alert.kind not in request.profile.silent_alarms,
        }
        for alert in found
    ]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


class AlertFilter(forms.Form):
    """Which alerts: their state, kind, fleet, vehicle (a part of its name or plate), days from and to.

    Days are the reader's, both included. A field that cannot be understood says so and filters nothing.
    """

    state = forms.ChoiceField(choices=STATES.items(), required=False)

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        self.found = visible(user)
        kinds = self.found.order_by("kind").values_list("kind", flat=True).distinct()
        fleets = Fleet.objects.visible_to(user).values_list("slug", "name")
        for name, label, every, choices in (
            ("kind", _("Alarm"), _("Every alarm"), [(kind, kind_words(kind)) for kind in kinds]),
            ("fleet", _("Fleet"), _("Every fleet"), list(fleets)),
        ):
            self.fields[name] = forms.ChoiceField(
                required=False, label=label, choices=[("", every), *choices]
            )
        part = forms.TextInput(attrs={"placeholder": _("Name or plate")})
        self.fields["vehicle"] = forms.CharField(
            required=False, max_length=100, label=_("Vehicle"), widget=part
        )
        for name, label in (("from", _("From")), ("to", _("To"))):
            widget = forms.DateInput(attrs={"type": "date"})
            self.fields[name] = forms.DateField(required=False, label=label, widget=widget)

    @property
    def narrows(self) -> bool:
        """Whether anything but the state is asked for."""
        return any(self.data.get(name) for name in ("kind", "fleet", "vehicle", "from", "to"))

    def alerts(self, state: str | None = None) -> "QuerySet[Alert]":
        """Open ones first, the oldest on top; then the others, what was done last on top."""
        self.is_valid()
        asked = self.cleaned_data
        found = self.found.filter(_of_state(asked.get("state", CURRENT) if state is None else state))
        if asked.get("kind"):
            found = found.filter(kind=asked["kind"])
        if asked.get("fleet"):
            found = found.filter(vehicle__fleet__slug=asked["fleet"])
        if words := asked.get("vehicle"):
            found = found.filter(Q(vehicle__name__icontains=words) | Q(vehicle__plate__icontains=words))
        if day := asked.get("from"):
            found = found.filter(time__gte=_midnight(day))
        if day := asked.get("to"):
            found = found.filter(time__lt=_midnight(day + timedelta(days=1)))
        is_open = When(status=Alert.Status.OPEN, then=F("time"))
        return found.order_by(
            Case(is_open, default=Value(2**62), output_field=BigIntegerField()), "-time", "-pk"
        )


def _of_state(state: str) -> Q:
    if state == EVERY:
        return Q()
    return ~Q(status=Alert.Status.CLOSED) if state == CURRENT else Q(status=state)


def _midnight(day: date) -> int:
    """The first moment of a day on the reader's clocks, in milliseconds since the epoch."""
    return int(datetime.combine(day, time(), timezone.get_current_timezone()).timestamp() * 1000)
