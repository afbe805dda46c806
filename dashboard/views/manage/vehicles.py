"""The vehicles: all of them as a table, one as a page."""

import json
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import vehicle_csv
from dashboard.access import Request, signed_in, vehicle_or_404
from dashboard.forms.vehicles import AddVehicleForm, AssignForm, VehicleForm
from dashboard.views.manage.section import managed, ordering, paged, show
from tracking import drivers, vehicles
from tracking.models import Device, Fleet, Latest, Role, Vehicle

COLUMNS = {
    "name": "name",
    "plate": "plate",
    "fleet": "fleet__name",
    "driver": "driver__name",
    "seen": "seen",
}
ASSIGNMENTS_SHOWN = 20
IMPORTS_SHOWN = 5


@require_safe
@signed_in
def table(request: Request) -> HttpResponse:
    return show(request, "vehicles", table_context(request, request.GET))


def table_context(request: Request, query: QueryDict) -> dict[str, Any]:
    """What `_vehicles.html` needs: the page of those that match `q`, `fleet` and `tag`, sorted by `sort`."""
    fleets = managed(request)
    sort, order = ordering(query.get("sort", ""), COLUMNS, "name")
    newest = Latest.objects.filter(vehicle=OuterRef("pk")).order_by("-received").values("received")[:1]
    rows = matching(fleets, query).annotate(seen=Subquery(newest)).order_by(*order)
    page = paged(request, rows.select_related("fleet", "driver").prefetch_related("devices"))
    return {
        "page": page,
        "fleets": fleets,
        "tags": all_tags(fleets),
        "q": query.get("q", ""),
        "fleet": query.get("fleet", ""),
        "tag": query.get("tag", ""),
        "sort": sort,
        "here": reverse("manage"),
        "any": page.paginator.count or Vehicle.objects.filter(fleet__in=fleets).exists(),
    }


def matching(fleets: QuerySet[Fleet], query: QueryDict) -> QuerySet[Vehicle]:
    """Vehicles of these fleets in which each word of `q` is somewhere, of `fleet`, and with `tag`."""
    rows = Vehicle.objects.filter(fleet__in=fleets)
    if slug := query.get("fleet", ""):
        rows = rows.filter(fleet__slug=slug)
    if tag := query.get("tag", ""):
        rows = rows.filter(_in_tags(tag, whole=True))
    for word in query.get("q", "").replace("\0", "").split():
        fits = Q(name__icontains=word) | Q(plate__icontains=word) | Q(driver__name__icontains=word)
        device = Device.objects.filter(vehicle=OuterRef("pk"), uid__icontains=word)
        rows = rows.filter(fits | _in_tags(word) | Q(Exists(device)))
    return rows


def _in_tags(text: str, *, whole: bool = False) -> Q:
    """Vehicles with the text in a tag, or as a `whole` tag."""
    # JSON as text: SQLite keeps other letters than Latin ones escaped, PostgreSQL as they are.
    found = Q()
    for escaped in (True, False):
        tag = json.dumps(text, ensure_ascii=escaped)
        found |= Q(tags__icontains=tag if whole else tag[1:-1])
    return found


def all_tags(fleets: QuerySet[Fleet]) -> list[str]:
    lists = Vehicle.objects.filter(fleet__in=fleets).exclude(tags=[]).values_list("tags", flat=True)
    return sorted({tag for tags in lists for tag in tags}, key=str.lower)


@require_safe
@signed_in
def as_csv(request: Request) -> HttpResponse:
    """The vehicles that match, in the columns that the import takes."""
    rows = matching(managed(request), request.GET).select_related("driver").prefetch_related("devices")
    lines = vehicle_csv.write(
        {
            "name": vehicle.name,
            "plate": vehicle.plate,
            "tags": ", ".join(vehicle.tags),
            "driver": vehicle.driver.name if vehicle.driver else "",
            "phone": vehicle.driver.phone if vehicle.driver else "",
            "device": next((device.uid for device in vehicle.devices.all()), ""),
        }
        for vehicle in rows
    )
    # Whole: a few hundred kilobytes for ten thousand vehicles.
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="vehicles.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def add(request: Request) -> HttpResponse:
    """A vehicle and its device; leads to where the device is connected."""
    fleets = managed(request)
    form = AddVehicleForm(
        request.POST or None,
        fleets=fleets,
        initial={"fleet": fleets.filter(slug=request.GET.get("fleet", "")).first()},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        fields = {name: data[name] for name in ("name", "plate", "tags", "icon", "colour", "uid")}
        [vehicle] = vehicles.add(data["fleet"], [vehicles.New(**fields)])
        return redirect("connect", vehicle.pk)
    return show(request, "vehicle_add", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def vehicle(request: Request, pk: int) -> HttpResponse:
    """The page of one vehicle: what it is, who drives it, what is in it."""
    found = vehicle_or_404(request.user, pk, Role.MANAGER)
    form = VehicleForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        vehicles.changed(found.fleet_id)
        messages.success(request, _("Saved."))
        return redirect("manage_vehicle", pk)
    return _vehicle(request, pk, form=form, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def assign(request: Request, pk: int) -> HttpResponse:
    """Who drives it, from when on."""
    found = vehicle_or_404(request.user, pk, Role.MANAGER)
    form = AssignForm(request.POST, vehicle=found)
    if not form.is_valid():
        return _vehicle(request, pk, assign=form, status=422)
    drivers.assign(found, form.cleaned_data["driver"], at=form.cleaned_data["at"])
    messages.success(request, _("Saved."))
    return redirect("manage_vehicle", pk)


def _vehicle(request: Request, pk: int, *, status: int = 200, **bound: Any) -> HttpResponse:
    found = vehicle_or_404(request.user, pk, Role.MANAGER)
    context = {
        "vehicle": found,
        "form": VehicleForm(instance=found),
        "assign": AssignForm(vehicle=found),
        "devices": found.devices.all(),
        "assignments": found.assignments.select_related("driver")[:ASSIGNMENTS_SHOWN],
        "fleets": managed(request).exclude(pk=found.fleet_id),
        "imports": [{"row": row} for row in found.imports.all()[:IMPORTS_SHOWN]],
    }
    return show(request, "vehicle", context | bound, status=status)
