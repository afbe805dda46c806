"""Vehicle › Device: what reports for it, how the last contacts went, and what was refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from dashboard.access import Request, may, signed_in, vehicle_or_404
from dashboard.views.manage.connect import last_contacts
from tracking.contacts import refusal
from tracking.models import Device, Latest, Quarantined, Role

QUARANTINED_SHOWN = 20
EXPIRES_SOON = timedelta(days=30)


@require_safe
@signed_in
def device_tab(request: Request, pk: int) -> HttpResponse:
    """The tab in the drawer of a vehicle, a fragment; without htmx, the vehicle's page."""
    vehicle = vehicle_or_404(request.user, pk)
    if not request.htmx:
        return redirect("vehicle", pk)
    context = {
        "vehicle": vehicle,
        "rows": [device_context(device) for device in vehicle.devices.select_related("vehicle__fleet")],
        "may_manage": may(request.user, vehicle.fleet, Role.MANAGER),
    }
    return render(request, "dashboard/_device.html", context)


def device_context(device: Device) -> dict[str, Any]:
    """One device: its last contacts, its fixes that were refused, when it was heard and its token ends."""
    refused = Quarantined.objects.filter(device=device.pk).order_by("-received")[:QUARANTINED_SHOWN]
    heard = Latest.objects.filter(vehicle=device.vehicle_id, device=device.pk).values_list(
        "received", flat=True
    )
    moment = now()
    return {
        "device": device,
        "contacts": last_contacts(device),
        "quarantined": [
            {
                "received": datetime.fromtimestamp(row.received / 1000, UTC),
                "why": refusal(row.detail) or row.code,
                "row": row,
            }
            for row in refused
        ],
        "heard": next((datetime.fromtimestamp(ms / 1000, UTC) for ms in heard), None),
        "now": moment,
        "soon": moment + EXPIRES_SOON,
    }
