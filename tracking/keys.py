"""Keys of the addresses /i/<key>: for phones and gateways that can send nothing but an address.

A key is 192 random bits, shown once; only its SHA-256 is stored (of that many random bits nothing
slower is needed). Finding one costs the same whether it exists or not: a hash and one indexed query.
"""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from tracking import live
from tracking.models import Device, Fleet, IngestKey

KEY_BYTES = 24
HINT_CHARS = 4
GRACE = timedelta(days=7)


def issue(*, device: Device | None = None, fleet: Fleet | None = None) -> str:
    """Return a new key of a device, or of a gateway that speaks for all devices of a fleet."""
    if (device is None) == (fleet is None):
        raise ValueError("a key is of a device or of a fleet")
    key = secrets.token_urlsafe(KEY_BYTES)
    IngestKey.objects.create(digest=digest(key), hint=key[-HINT_CHARS:], device=device, fleet=fleet)
    return key


def find(key: str) -> IngestKey | None:
    """The key that is valid now, with its device, vehicle and fleet."""
    return (
        IngestKey.objects.select_related("device__vehicle__fleet", "fleet")
        .filter(Q(expires=None) | Q(expires__gt=now()), digest=digest(key))
        .first()
    )


@transaction.atomic
def rotate(known: IngestKey, *, grace: timedelta = GRACE) -> str:
    """Return a new key of the same owner; the old one opens the door until `grace` has passed."""
    until = now() + grace
    if known.expires is None or known.expires > until:
        known.expires = until
        known.save(update_fields=["expires"])
    return issue(device=known.device, fleet=known.fleet)


def revoke(known: IngestKey) -> None:
    """Close the door to this key now, in every process."""
    known.delete()
    transaction.on_commit(lambda: live.announce([live.look()]))


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
