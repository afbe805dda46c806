"""The devices: all of them as a table, one as a page with what it did and what may be done to it."""

import contextlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import redis
from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import doors
from dashboard.access import Request, signed_in, vehicle_or_404
from dashboard.forms.devices import AddDeviceForm, MoveDeviceForm
from dashboard.views.devices import device_context
from dashboard.views.manage.section import managed, one, ordering, paged, show
from tracking import contacts, devices, vehicles
from tracking.models import Device, Latest, Role, Vehicle

COLUMNS = {
    "uid": "uid",
    "vehicle": "vehicle__name",
    "fleet": "vehicle__fleet__name",
    "seen": "seen",
    "token": "token_expires",
}
EXPIRES_SOON = timedelta(days=30)


@require_safe
@signed_in
def table(request: Request) -> HttpResponse:
    fleets, query = managed(request), request.GET
    rows = Device.objects.filter(vehicle__fleet__in=fleets)
    if slug := query.get("fleet", ""):
        rows = rows.filter(vehicle__fleet__slug=slug)
    for word in query.get("q", "").replace("\0", "").split():
        rows = rows.filter(Q(uid__icontains=word) | Q(vehicle__name__icontains=word))
    newest = Latest.objects.filter(device=OuterRef("pk"), vehicle=OuterRef("vehicle")).values("received")[:1]
    sort, order = ordering(query.get("sort", ""), COLUMNS, "uid")
    rows = rows.annotate(seen=Subquery(newest)).order_by(*order)
    page = paged(request, rows.select_related("vehicle__fleet"))
    _note_doors(page.object_list)
    context = {
        "page": page,
        "fleets": fleets,
        "q": query.get("q", ""),
        "fleet": query.get("fleet", ""),
        "sort": sort,
        "here": reverse("manage_devices"),
        "soon": now() + EXPIRES_SOON,
        "now": now(),
    }
    return show(request, "devices", context)


def _note_doors(rows: Iterable[Device]) -> None:
    """Give each device `.contact`, its last one: through which door it came. Without Redis none is known."""
    with contextlib.suppress(redis.RedisError, OSError):
        found = contacts.last_of(rows)
        for row in rows:
            row.contact = next(iter(found[row.pk]), None)  # type: ignore[attr-defined]


@require_POST
@signed_in
def add(request: Request, pk: int) -> HttpResponse:
    """Another device for a vehicle; leads to where it is connected."""
    vehicle = vehicle_or_404(request.user, pk, Role.MANAGER)
    form = AddDeviceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for error in form.errors.get("uid", [])))
        return redirect("manage_vehicle", pk)
    try:
        device = devices.add(vehicle, form.cleaned_data["uid"] or vehicles.new_uid(vehicle.name))
    except devices.Refused as refused:
        messages.error(request, str(refused))
        return redirect("manage_vehicle", pk)
    response = redirect("connect", pk)
    response["Location"] += f"?device={device.pk}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def device(request: Request, pk: int) -> HttpResponse:
    """The page of one device. POST `do`: one of ACTIONS, `rotate`, `move` (`vehicle`, `at`) or `remove`."""
    found = one(request, Device.objects.select_related("vehicle__fleet"), pk, fleet="vehicle__fleet")
    if request.method != "POST":
        return _page(request, found)
    do = request.POST.get("do", "")
    if do == "rotate":
        own = doors.own_protocol(request, devices.rotate(found))
        context = {"device": found, "vehicle": found.vehicle, "own": own, "rotated": True}
        fragment = "dashboard/manage/_secret.html"
        return render(request, "dashboard/manage/secret.html", context | {"fragment": fragment})
    if do == "move":
        return _move(request, found)
    if do == "remove":
        contacts.forget(found)
        devices.remove(found)
        messages.success(request, _("%(device)s was removed.") % {"device": found.uid})
        return redirect("manage_vehicle", found.vehicle_id)
    if do in ACTIONS:
        ACTIONS[do](found)
        messages.success(request, _("Done."))
        if request.POST.get("back") == "vehicle":
            return redirect("manage_vehicle", found.vehicle_id)
    return redirect("manage_device", pk)


ACTIONS: dict[str, Callable[[Device], None]] = {
    "revoke": devices.revoke,
    "disable": devices.disable,
    "enable": devices.enable,
    "primary": devices.make_primary,
}


def _move(request: Request, found: Device) -> HttpResponse:
    form = _move_form(request, found, request.POST)
    if form.is_valid():
        to, old = form.cleaned_data["vehicle"], found.vehicle
        try:
            devices.move(found, to, at=form.cleaned_data["at"])
        except devices.Refused as refused:
            form.add_error("at", str(refused))
        else:
            said = _("%(device)s is in %(vehicle)s now.") % {"device": found.uid, "vehicle": to}
            if to.fleet_id != old.fleet_id:
                said += " " + _("Its tokens have to be made anew: they name the other fleet.")
            messages.success(request, said)
            return redirect("manage_device", found.pk)
    return _page(request, found, move=form, status=422)


def _move_form(request: Request, found: Device, data: Any = None) -> MoveDeviceForm:
    rows = Vehicle.objects.filter(fleet__in=managed(request))
    return MoveDeviceForm(data, device=found, vehicles=rows)


def _page(request: Request, found: Device, *, status: int = 200, **bound: Any) -> HttpResponse:
    context = {
        "device": found,
        "vehicle": found.vehicle,
        "move": _move_form(request, found),
        "keys": found.keys.all(),
        "fittings": found.fittings.select_related("vehicle").order_by("-start"),
        **device_context(found),
    }
    return show(request, "device", context | bound, status=status)
