"""The drivers: all of them as a table, one as a page with what they drove."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import Request, signed_in
from dashboard.forms.drivers import AddDriverForm, DriverForm, DrivesForm
from dashboard.views.manage.section import managed, one, ordering, paged, show
from tracking import drivers as ledger
from tracking import vehicles
from tracking.models import Assignment, Driver, Vehicle

COLUMNS = {"name": "name", "phone": "phone", "fleet": "fleet__name", "vehicle": "vehicles__name"}
ASSIGNMENTS_SHOWN = 50


@require_safe
@signed_in
def table(request: Request) -> HttpResponse:
    fleets = managed(request)
    query = request.GET
    rows = Driver.objects.filter(fleet__in=fleets)
    if slug := query.get("fleet", ""):
        rows = rows.filter(fleet__slug=slug)
    for word in query.get("q", "").replace("\0", "").split():
        rows = rows.filter(
            Q(name__icontains=word) | Q(phone__icontains=word) | Q(vehicles__name__icontains=word)
        )
    sort, order = ordering(query.get("sort", ""), COLUMNS, "name")
    now_driving = Prefetch("vehicles", Vehicle.objects.order_by("name"))
    page = paged(request, rows.order_by(*order).select_related("fleet").prefetch_related(now_driving))
    context = {
        "page": page,
        "fleets": fleets,
        "q": query.get("q", ""),
        "fleet": query.get("fleet", ""),
        "sort": sort,
        "here": reverse("manage_drivers"),
        "any": page.paginator.count or Driver.objects.filter(fleet__in=fleets).exists(),
    }
    return show(request, "drivers", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def add(request: Request) -> HttpResponse:
    form = AddDriverForm(request.POST or None, fleets=managed(request))
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.fleet = form.cleaned_data["fleet"]
        made.save()
        return redirect("manage_driver", made.pk)
    return show(request, "driver_add", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def driver(request: Request, pk: int) -> HttpResponse:
    """The page of one driver; POST changes name, phone and language."""
    found = _driver(request, pk)
    form = DriverForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        _tell(found)
        messages.success(request, _("Saved."))
        return redirect("manage_driver", pk)
    return _page(request, pk, form=form, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def drives(request: Request, pk: int) -> HttpResponse:
    """Which vehicle they drive, from when on; none ends what they drive."""
    found = _driver(request, pk)
    form = DrivesForm(request.POST, driver=found)
    if not form.is_valid():
        return _page(request, pk, drives=form, status=422)
    vehicle, at = form.cleaned_data["vehicle"], form.cleaned_data["at"]
    if vehicle is None:
        with transaction.atomic():
            for driven in found.vehicles.select_related("fleet"):
                ledger.assign(driven, None, at=at)
    else:
        ledger.assign(vehicle, found, at=at)
    messages.success(request, _("Saved."))
    return redirect("manage_driver", pk)


@require_POST
@signed_in
def remove(request: Request, pk: int) -> HttpResponse:
    """Remove a driver, and with them who drove what then; the page has asked before."""
    found = _driver(request, pk)
    with transaction.atomic():
        for driven in found.vehicles.select_related("fleet"):
            ledger.assign(driven, None, at=now())
        found.delete()
    messages.success(request, _("%(name)s was removed.") % {"name": found.name})
    return redirect("manage_drivers")


def _driver(request: Request, pk: int) -> Driver:
    return one(request, Driver.objects.select_related("fleet"), pk)


def _tell(driver: Driver) -> None:
    """The list and the map show the driver's name."""
    if driver.vehicles.exists():
        vehicles.changed(driver.fleet_id)


def _page(request: Request, pk: int, *, status: int = 200, **bound: Any) -> HttpResponse:
    found = _driver(request, pk)
    history = Assignment.objects.filter(driver=found).select_related("vehicle")
    context = {
        "driver": found,
        "form": DriverForm(instance=found),
        "drives": DrivesForm(driver=found),
        "vehicles": list(found.vehicles.all()),
        "assignments": history[:ASSIGNMENTS_SHOWN],
    }
    return show(request, "driver", context | bound, status=status)
