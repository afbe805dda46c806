"""Devices that came with a good credential and are in no vehicle yet (AUTO_REGISTER=pending)."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import Request, signed_in
from dashboard.forms.devices import AcceptForm
from dashboard.views.manage.section import managed, one, paged, show
from tracking import devices
from tracking.models import PendingDevice, Vehicle


@require_safe
@signed_in
def table(request: Request) -> HttpResponse:
    return _table(request)


@require_POST
@signed_in
def pending(request: Request, pk: int) -> HttpResponse:
    """POST `do`: `accept` into `vehicle`, or a new one with `name`; or `dismiss`."""
    found = one(request, PendingDevice.objects.select_related("fleet"), pk)
    if request.POST.get("do") == "dismiss":
        devices.dismiss(found)
        messages.success(request, _("%(device)s was dismissed.") % {"device": found.uid})
        return redirect("manage_pending")
    form = AcceptForm(request.POST, fleet=found.fleet, auto_id=f"id_{pk}_%s")
    if not form.is_valid():
        return _table(request, bound={found.pk: form}, status=422)
    try:
        with transaction.atomic():
            vehicle = form.cleaned_data["vehicle"] or Vehicle.objects.create(
                fleet=found.fleet, name=form.cleaned_data["name"]
            )
            devices.accept(found, vehicle)
    except devices.Refused as refused:
        messages.error(request, str(refused))
        return redirect("manage_pending")
    said = _("%(device)s is in %(vehicle)s now, with what it has reported.")
    messages.success(request, said % {"device": found.uid, "vehicle": vehicle})
    return redirect("manage_pending")


def _table(
    request: Request, *, bound: dict[int, AcceptForm] | None = None, status: int = 200
) -> HttpResponse:
    rows = PendingDevice.objects.filter(fleet__in=managed(request)).select_related("fleet")
    page = paged(request, rows)
    context: dict[str, Any] = {
        "page": page,
        "rows": [
            {
                "pending": row,
                "form": (bound or {}).get(row.pk)
                or AcceptForm(
                    fleet=row.fleet, auto_id=f"id_{row.pk}_%s", initial={"name": row.nickname or row.uid}
                ),
            }
            for row in page
        ],
        "auto_register": settings.AUTO_REGISTER,
    }
    return show(request, "pending", context, status=status)
