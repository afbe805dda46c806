"""Alarms that a person must see: the bar on every page, and the page of all of them."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import Request, fleets_where, signed_in, vehicle_or_404
from tracking import alerts as ledger
from tracking.models import Alert, Role, Vehicle

BAR_LENGTH = 3  # alerts in the bar; the rest is a number
PAGE_LENGTH = 200  # acknowledged ones on the page


@require_safe
@signed_in
def alert_bar(request: Request) -> HttpResponse:
    return _bar(request)


@require_safe
@signed_in
def alerts(request: Request) -> HttpResponse:
    template = "dashboard/_alerts.html" if request.htmx else "dashboard/alerts.html"
    return render(request, template, _page_context(request))


@require_POST
@signed_in
def acknowledge(request: Request, pk: int) -> HttpResponse:
    """Take an alert on. Somebody was faster: the answer shows who."""
    alert = get_object_or_404(_visible(request), pk=pk)
    vehicle_or_404(request.user, alert.vehicle_id, Role.DISPATCHER)
    note = request.POST.get("note", "").replace("\0", "").strip()  # PostgreSQL keeps no NUL
    ledger.acknowledge(alert.pk, user=request.user, note=note)
    if not request.htmx:
        return redirect("alerts")
    if (request.htmx.target or "").endswith("#alert-list"):
        return render(request, "dashboard/_alerts.html", _page_context(request))
    return _bar(request)


def _visible(request: Request) -> "QuerySet[Alert]":
    # Vehicle ids, not a join: alerts of a removed vehicle belong to nobody.
    vehicles = Vehicle.objects.visible_to(request.user)
    return Alert.objects.filter(vehicle__in=vehicles).select_related("vehicle__fleet", "vehicle__driver")


def _bar(request: Request) -> HttpResponse:
    found = _rows(request, _visible(request).filter(status=Alert.Status.OPEN).order_by("time", "pk"))
    # A phone shows one alert and a number.
    more = {"more": max(0, len(found) - BAR_LENGTH), "more_phone": max(0, len(found) - 1)}
    context = {"alerts": found[:BAR_LENGTH], **more}
    return render(request, "dashboard/_alert_bar.html", context)


def _page_context(request: Request) -> dict[str, Any]:
    visible = _visible(request)
    done = visible.exclude(status=Alert.Status.OPEN).order_by("-at", "-pk")[:PAGE_LENGTH]
    return {
        "open": _rows(request, visible.filter(status=Alert.Status.OPEN).order_by("time", "pk")),
        "done": _rows(request, done),
        "page_length": PAGE_LENGTH,
    }


def _rows(request: Request, found: "QuerySet[Alert]") -> list[dict[str, Any]]:
    writable = fleets_where(request.user, Role.DISPATCHER)
    return [
        {
            "alert": alert,
            "vehicle": alert.vehicle,
            "kind": kind_words(alert.kind),
            "time": _moment(alert.time),
            "last_time": _moment(alert.last_time),
            "received": _moment(alert.received),
            "late": alert.received - alert.time >= 60_000,
            "may_acknowledge": alert.vehicle.fleet_id in writable,
        }
        for alert in found
    ]


def kind_words(kind: str) -> str:
    """`sos` → SOS, `power_cut` → Power cut."""
    words = kind.replace("_", " ")
    return words.upper() if len(words) <= 3 and words != "tow" else words.capitalize()


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
