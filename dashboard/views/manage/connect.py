"""Connecting a device: what its app must be told, and whether it has come."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from dashboard import doors
from dashboard.access import Request, fleet_or_404, signed_in, vehicle_or_404
from dashboard.views.manage.section import one, show
from tracking import contacts, devices, drive, keys
from tracking.contacts import Contact
from tracking.models import Device, IngestKey, Latest, Role

# A position that came since then is the one that was waited for.
FRESH = timedelta(minutes=2)


@require_safe
@signed_in
def connect(request: Request, pk: int) -> HttpResponse:
    """The page of one device of the vehicle: `device`, else its primary one."""
    vehicle = vehicle_or_404(request.user, pk, Role.MANAGER)
    chosen = request.GET.get("device", "")
    if chosen.isdecimal():
        device = one(request, vehicle.devices.all(), int(chosen[:18]), fleet="vehicle__fleet")
    else:
        first = vehicle.devices.first()
        if first is None:
            return redirect("manage_vehicle", pk)
        device = first
    context = {
        "vehicle": vehicle,
        "device": device,
        "devices": vehicle.devices.all(),
        "reach": doors.reach(request),
        "keys": device.keys.all(),
        **arrival(device),
    }
    return show(request, "connect", context)


@require_POST
@signed_in
def secret(request: Request, pk: int) -> HttpResponse:
    """Make what opens the door, and show it: the only time. POST `what`: `address` or `token`."""
    device = one(request, Device.objects.select_related("vehicle__fleet"), pk, fleet="vehicle__fleet")
    context: dict[str, Any] = {"vehicle": device.vehicle, "device": device, "reach": doors.reach(request)}
    if request.POST.get("what") == "token":
        issued = device.token_expires is not None
        token = devices.rotate(device) if issued else devices.issue(device)
        context |= {"own": doors.own_protocol(request, token), "rotated": issued}
    else:
        newest = device.keys.filter(expires=None).first()
        key = keys.rotate(newest) if newest else keys.issue(device=device)
        page = doors.drive_address(request, drive.issue(device))
        made = doors.cards(doors.address(request, key), device, page=page)
        context |= {"cards": made, "rotated": newest is not None}
    fragment = "dashboard/manage/_secret.html"
    if request.htmx:
        return render(request, fragment, context)
    return render(request, "dashboard/manage/secret.html", context | {"fragment": fragment})


@require_safe
@signed_in
def waiting(request: Request, pk: int) -> HttpResponse:
    """Whether the device has come: a fragment that asks again until it has."""
    device = one(request, Device.objects.select_related("vehicle__fleet"), pk, fleet="vehicle__fleet")
    if not request.htmx:
        return redirect(f"{reverse('connect', args=[device.vehicle_id])}?device={device.pk}")
    context = {"vehicle": device.vehicle, "device": device, **arrival(device)}
    return render(request, "dashboard/manage/_waiting.html", context)


def arrival(device: Device) -> dict[str, Any]:
    """`came`: when its newest position arrived; `fresh`: just now; `contact`: its last one if that failed."""
    received = (
        Latest.objects.filter(vehicle=device.vehicle_id, device=device.pk)
        .order_by("-received")
        .values_list("received", flat=True)
        .first()
    )
    came = datetime.fromtimestamp(received / 1000, UTC) if received else None
    last = last_contacts(device)[:1]
    troubled = [contact for contact in last if not contact.good and now() - contact.time < FRESH]
    return {
        "came": came,
        "fresh": came is not None and now() - came < FRESH,
        "contact": troubled[0] if troubled else None,
    }


def last_contacts(device: Device) -> list[Contact]:
    with contextlib.suppress(redis.RedisError, OSError):  # they are told for convenience: without Redis none
        return contacts.last(device)
    return []


# --- gateways: a key for a whole fleet ----------------------------------------------------------


@require_POST
@signed_in
def gateway(request: Request, slug: str) -> HttpResponse:
    """A key with which a server speaks for all devices of the fleet: shown this once."""
    fleet = fleet_or_404(request.user, slug, Role.MANAGER)
    url = doors.address(request, keys.issue(fleet=fleet))
    context = {
        "fleet": fleet,
        "cards": doors.gateway_cards(url),
        "reach": doors.reach(request),
        "gateway": True,
    }
    return render(
        request, "dashboard/manage/secret.html", context | {"fragment": "dashboard/manage/_secret.html"}
    )


@require_POST
@signed_in
def revoke_key(request: Request, pk: int) -> HttpResponse:
    """Close the door to one key, of a device or of a gateway."""
    if IngestKey.objects.filter(pk=pk, device=None).exists():
        key = one(request, IngestKey.objects.select_related("fleet"), pk)
        back = reverse("manage_fleet", args=[key.fleet.slug if key.fleet else ""])
    else:
        rows = IngestKey.objects.select_related("device__vehicle__fleet")
        key = one(request, rows, pk, fleet="device__vehicle__fleet")
        back = reverse("manage_device", args=[key.device_id])
    keys.revoke(key)
    return redirect(back)
