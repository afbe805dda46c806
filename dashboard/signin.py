"""Signing in: links that work once, and a limit on wrong passwords."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.signing import BadSignature, TimestampSigner
from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard.models import FailedLogin, UsedLink

LINK_MINUTES = 15
MAX_ATTEMPTS = 10  # wrong passwords for one name from one address …
ATTEMPT_WINDOW_MINUTES = 15  # … within this time

_signer = TimestampSigner(salt="dashboard.loginlink")


def issue(user: User) -> str:
    """Return a token that signs `user` in once, within LINK_MINUTES."""
    return _signer.sign(f"{user.pk}.{secrets.token_urlsafe(12)}")


def redeem(token: str) -> User | None:
    """Use up the token; None when it is forged, too old, used, or its user is disabled or gone."""
    life = timedelta(minutes=LINK_MINUTES)
    try:
        pk = int(_signer.unsign(token, max_age=life).partition(".")[0])
    except (BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None:
        return None
    now = timezone.now()
    UsedLink.objects.filter(expires__lt=now).delete()
    try:
        # The primary key decides between two who use it at the same moment.
        with transaction.atomic():
            UsedLink.objects.create(digest=_digest(token), expires=now + 2 * life)
    except IntegrityError:
        return None
    return user


def attempt(username: str, address: str) -> bool:
    """Count an attempt before its password is looked at; False when there were too many.

    Counted first, so that a hundred requests at once do not all find the door open.
    """
    now = timezone.now()
    since = now - timedelta(minutes=ATTEMPT_WINDOW_MINUTES)
    key = _key(username, address)
    FailedLogin.objects.filter(at__lt=since).delete()
    FailedLogin.objects.create(key=key, at=now)
    if FailedLogin.objects.filter(key=key, at__gte=since).count() <= MAX_ATTEMPTS:
        return True
    # A refused attempt does not prolong the wait of somebody who keeps trying.
    FailedLogin.objects.filter(key=key, at=now).delete()
    return False


def succeeded(username: str, address: str) -> None:
    """Forget the attempts of somebody who knew the password after all."""
    FailedLogin.objects.filter(key=_key(username, address)).delete()


def _key(username: str, address: str) -> str:
    # People type passwords into the name field: only a digest is kept.
    return _digest(f"{address}\n{username.strip().casefold()}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
