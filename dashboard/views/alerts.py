"""Alarms that a person must see: the bar on every page, and the page of all of them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard import alarms
from dashboard.access import Request, signed_in, vehicle_or_404
from tracking import alerts as ledger
from tracking.models import Alert, Role

BAR_LENGTH = 3  # alerts in the bar; the rest is a number
TAKEN_S = 20  # so long the bar says who took an alert on
PAGE_LENGTH = 50


@require_safe
@signed_in
def alert_bar(request: Request) -> HttpResponse:
    return _bar(request)


@require_safe
@signed_in
def alerts(request: Request) -> HttpResponse:
    template = "dashboard/_alerts.html" if request.htmx else "dashboard/alerts.html"
    return render(request, template, _list(request, request.GET))


@require_POST
@signed_in
def acknowledge(request: Request, pk: int) -> HttpResponse:
    """Take an alert on, with a `note`. Somebody was faster: the answer shows who."""
    alert = _mine(request, pk)
    ledger.acknowledge(alert.pk, user=request.user, note=_note(request))
    return _acted(request, alert)


@require_POST
@signed_in
def close(request: Request, pk: int) -> HttpResponse:
    """Put an alert that was taken on away, with a `note` of how it ended."""
    alert = _mine(request, pk)
    ledger.close(alert.pk, user=request.user, note=_note(request))
    return _acted(request, alert)


@require_POST
@signed_in
def sound(request: Request) -> HttpResponse:
    """`on`=1: alarms are heard until somebody takes them on; 0: they are only seen."""
    request.profile.sound = request.POST.get("on") == "1"
    request.profile.save()
    return _bar(request) if request.htmx else redirect("alerts")


def _mine(request: Request, pk: int) -> Alert:
    alert = get_object_or_404(alarms.visible(request.user), pk=pk)
    vehicle_or_404(request.user, alert.vehicle_id, Role.DISPATCHER)
    return alert


def _note(request: Request) -> str:
    return request.POST.get("note", "").replace("\0", "").strip()  # PostgreSQL keeps no NUL


def _acted(request: Request, alert: Alert) -> HttpResponse:
    """What the screen shows after it: the bar or the list, whichever asked."""
    query = QueryDict(request.POST.get("query", ""))
    if not request.htmx:
        return redirect(_address(query))
    if (request.htmx.target or "").endswith("#alert-list"):
        return render(request, "dashboard/_alerts.html", _list(request, query))
    return _bar(request, also=[alert.pk])


def _bar(request: Request, *, also: Iterable[int] = ()) -> HttpResponse:
    """The open alerts, oldest first, and who took on those that have just left it, or those of `also`."""
    visible = alarms.visible(request.user)
    found = visible.filter(status=Alert.Status.OPEN).order_by("time", "pk")
    number = found.count()
    taken = visible.filter(status=Alert.Status.ACKNOWLEDGED).filter(
        at__gte=timezone.now() - timedelta(seconds=TAKEN_S)
    ) | visible.exclude(status=Alert.Status.OPEN).filter(pk__in=also)
    context = {
        "alerts": alarms.rows(request, found[:BAR_LENGTH]),
        "taken": alarms.rows(request, taken.order_by("-at")[:BAR_LENGTH]),
        # A phone shows one alert and a number.
        "more": max(0, number - BAR_LENGTH),
        "more_phone": max(0, number - 1),
        "sound": request.profile.sound,
    }
    return render(request, "dashboard/_alert_bar.html", context)


def _list(request: Request, query: QueryDict) -> dict[str, Any]:
    asked = alarms.AlertFilter(query, request.user)
    page = Paginator(asked.alerts(), PAGE_LENGTH).get_page(query.get("page"))
    state = asked.cleaned_data.get("state", alarms.CURRENT)
    counted = (Alert.Status.OPEN.value, Alert.Status.ACKNOWLEDGED.value)
    counts = {name: asked.alerts(name).count() for name in counted}
    return {
        "filter": asked,
        "page": page,
        "rows": alarms.rows(request, page.object_list),
        "states": [
            {
                "label": label,
                "count": counts.get(name),
                "chosen": name == state,
                "query": _with(query, state=name),
            }
            for name, label in alarms.STATES.items()
        ],
        "state": state,
        "query": query.urlencode(),
        "address": _address(query),
        "newer": page.has_previous() and _with(query, page=str(page.previous_page_number())),
        "older": page.has_next() and _with(query, page=str(page.next_page_number())),
        "sound": request.profile.sound,
    }


def _with(query: QueryDict, **changes: str) -> str:
    """The same question with another answer; another state begins at its first page."""
    changed = query.copy()
    changed.pop("page", None)
    for name, value in changes.items():
        changed[name] = value
    return _address(changed)


def _address(query: QueryDict) -> str:
    asked = query.copy()
    for name in [name for name, value in query.items() if not value]:
        del asked[name]
    return reverse("alerts") + (f"?{asked.urlencode()}" if asked else "")
