"""The driver page's credentials: a one-time code makes a phone's browser the device of a vehicle.

A code is 128 random bits, shown once; only its SHA-256 is stored. It opens nothing by being looked at:
link previews fetch pages. Whoever exchanges it first gets the device's token, and may ask again
until it expires if the answer was lost: `claim` is that phone's own secret.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from tracking import devices, vehicles
from tracking.models import Device, DriveCode

CODE_BYTES = 16
CODE_LIFE = timedelta(minutes=15)
LEAST_CLAIM_CHARS, MOST_CLAIM_CHARS = 16, 64
# Codes that ended are kept so long, so that a page can say what became of them.
KEEP = timedelta(days=1)


class Refused(Exception):
    """The code opens nothing: `code` is "code_unknown", "code_expired", "code_used" or "device_disabled"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def issue(device: Device, *, life: timedelta = CODE_LIFE) -> str:
    """Return a new code for the device; those not used before go on."""
    code = secrets.token_urlsafe(CODE_BYTES)
    moment = now()
    DriveCode.objects.create(digest=digest(code), device=device, created=moment, expires=moment + life)
    return code


def find(code: str) -> DriveCode:
    """The code that may still be exchanged; Refused otherwise. Looking changes nothing."""
    found = _found(code)
    if found.used is not None:
        raise Refused("code_used")
    return found


@transaction.atomic
def exchange(code: str, *, claim: str) -> tuple[Device, str]:
    """Return the device and a token of it, to the first phone that asks."""
    found = _found(code)
    mine = digest(claim)
    # Two phones at once: one of them changes the row.
    DriveCode.objects.filter(pk=found.pk, used=None).update(used=now(), claim=mine)
    found.refresh_from_db(fields=["claim"])
    if found.claim != mine:
        raise Refused("code_used")
    return found.device, devices.issue(found.device)


def _found(code: str) -> DriveCode:
    rows = DriveCode.objects.select_related("device__vehicle__fleet", "device__vehicle__driver")
    found = rows.filter(digest=digest(code)).first()
    if found is None:
        raise Refused("code_unknown")
    if found.expires <= now():
        raise Refused("code_used" if found.used else "code_expired")
    if found.device.disabled or found.device.vehicle.fleet.suspended:
        raise Refused("device_disabled")
    return found


def forget() -> int:
    """Remove codes that ended long ago; return how many."""
    return DriveCode.objects.filter(expires__lt=now() - KEEP).delete()[0]


def sharing(device: int, *, stopped: datetime | None) -> None:
    """Note that the driver stopped sharing then, or, with None, that they share again; tell the pages."""
    row = Device.objects.select_related("vehicle").get(pk=device)
    if row.stopped != stopped:
        row.stopped = stopped
        row.save(update_fields=["stopped"])
        vehicles.changed(row.vehicle.fleet_id)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
