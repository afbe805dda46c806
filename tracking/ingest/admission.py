"""Who may connect: from a token to the device that it belongs to."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from msgspec import Struct

from tracking import tokens
from tracking.models import Device, Fleet, Latest, Vehicle
from tracking.presence import Who

log = logging.getLogger("fleetline.admission")


class Refused(Exception):
    """Not this one; the message says why, in words for the log.

    `known` tells a good token that opens nothing (HTTP 403) from a bad one (401).
    """

    def __init__(self, detail: str, *, known: bool = True) -> None:
        super().__init__(detail)
        self.known = known


class Source(Struct, frozen=True):
    """A device that was let in."""

    who: Who
    uid: str
    vehicle_name: str
    fleet: str
    primary: bool
    generation: int
    claims: tokens.Claims
    last_time: int | None = None


def bearer(headers: dict[bytes, bytes]) -> str:
    """The token in the headers `Authorization: Bearer …` or `token: …`; empty when there is none."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get(b"token", b"").decode("latin-1").strip()


def admit(token: str) -> Source:
    """Return the device of a valid token. Raise Refused, or a database error when it cannot be asked."""
    if not token:
        raise Refused("no token: send Authorization: Bearer <jwt>", known=False)
    try:
        claims = tokens.verify(token)
    except tokens.Refused as error:
        raise Refused(str(error), known=False) from error
    device = Device.objects.select_related("vehicle__fleet").filter(uid=claims.uid).first()
    if device is None and settings.AUTO_REGISTER == "on":
        device = register(claims.uid, fleet=claims.fleet, name=claims.nickname)
    if device is None:
        raise Refused(f"unknown device {claims.uid!r}")
    if device.disabled:
        raise Refused(f"device {claims.uid!r} is disabled")
    fleet = device.vehicle.fleet.slug
    if fleet != claims.fleet:
        raise Refused(f"device {claims.uid!r}: fleet is {fleet}, token says {claims.fleet}")
    if claims.generation < device.generation:
        raise Refused(
            f"device {claims.uid!r}: token of generation {claims.generation}, valid from {device.generation}"
        )
    return _source(device, claims)


def _source(device: Device, claims: tokens.Claims) -> Source:
    siblings = Device.objects.filter(vehicle=device.vehicle).exclude(pk=device.pk)
    last = Latest.objects.filter(vehicle=device.vehicle, device=device).values_list("time", flat=True)
    return Source(
        who=Who(
            fleet=device.vehicle.fleet_id,
            vehicle=device.vehicle_id,
            device=device.pk,
            siblings=tuple(siblings.values_list("pk", flat=True)),
        ),
        uid=device.uid,
        vehicle_name=device.vehicle.name,
        fleet=device.vehicle.fleet.slug,
        primary=device.primary,
        generation=device.generation,
        claims=claims,
        last_time=last.first(),
    )


@transaction.atomic
def register(uid: str, *, fleet: str, name: str = "") -> Device:
    """Return the device `uid`; make its fleet, vehicle and itself when they are missing."""
    found = Device.objects.select_related("vehicle__fleet").filter(uid=uid).first()
    if found:
        return found
    owner, _ = Fleet.objects.get_or_create(slug=fleet, defaults={"name": fleet.replace("-", " ").title()})
    vehicle = Vehicle.objects.create(fleet=owner, name=name or uid)
    log.info("registered device %s in fleet %s", uid, fleet)
    return Device.objects.create(uid=uid, vehicle=vehicle)


def still_valid(devices: dict[int, Source]) -> dict[int, int]:
    """Of the connected devices, those to be cut off: {device id: close code}."""
    rows: dict[int, tuple[Any, ...]] = {}
    ids = list(devices)
    for start in range(0, len(ids), 900):
        found = Device.objects.filter(pk__in=ids[start : start + 900]).values_list(
            "pk", "disabled", "generation", "vehicle_id", "vehicle__fleet__slug"
        )
        rows.update({row[0]: row for row in found})
    gone = {}
    for pk, source in devices.items():
        row = rows.get(pk)
        claims = source.claims
        if row is None or row[1] or row[2] > claims.generation or row[4] != claims.fleet:
            gone[pk] = 4403
        elif row[3] != source.who.vehicle:
            gone[pk] = 4503  # it moved to another vehicle: come back and report for that one
    return gone
