"""Signing in: links that work once, and a limit on wrong passwords."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib import auth
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.signing import BadSignature, TimestampSigner
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from dashboard.models import FailedLogin, UsedLink
from dashboard.sessions import BROWSER_KEY

LINK_MINUTES = 15
ATTEMPT_WINDOW_MINUTES = 15
# Attempts within this time: for one name from one address, …
MAX_ATTEMPTS = 10
# … for any name from one address (a list of names tried with one password), …
MAX_ATTEMPTS_ADDRESS = 100
# … and for one name from anywhere (many addresses that guess one person's password).
MAX_ATTEMPTS_NAME = 100
BACKEND = "django.contrib.auth.backends.ModelBackend"

_signer = TimestampSigner(salt="dashboard.loginlink")


def enter(request: HttpRequest, user: User) -> None:
    """Sign the user in, in a new session that knows its browser."""
    auth.login(request, user, backend=BACKEND)
    request.session[BROWSER_KEY] = request.headers.get("User-Agent", "")


def issue(user: User) -> str:
    """Return a token that signs `user` in once, within LINK_MINUTES."""
    return _signer.sign(f"{user.pk}.{secrets.token_urlsafe(16)}")


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
            UsedLink.objects.create(digest=digest(token), expires=now + 2 * life)
    except IntegrityError:
        return None
    return user


def reset_path(user: User) -> str:
    """The path of a link that sets a new password, once, within PASSWORD_RESET_TIMEOUT.

    Signed, not stored: a new password, e-mail address or sign-in makes it worthless.
    """
    pk = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("reset_confirm", args=[pk, default_token_generator.make_token(user)])


def attempt(username: str, address: str) -> bool:
    """Count an attempt before its password is looked at; False when there were too many.

    Counted first, so that a hundred requests at once do not all find the door open. Whether there
    is such a user makes no difference.
    """
    now = timezone.now()
    since = now - timedelta(minutes=ATTEMPT_WINDOW_MINUTES)
    FailedLogin.objects.filter(at__lt=since).delete()
    rows = FailedLogin.objects.bulk_create(FailedLogin(key=key, at=now) for key in _limits(username, address))
    counts = {
        key: FailedLogin.objects.filter(key=key, at__gte=since).count() for key in _limits(username, address)
    }
    if all(counts[key] <= most for key, most in _limits(username, address).items()):
        return True
    # A refused attempt does not prolong the wait of somebody who keeps trying.
    FailedLogin.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return False


def succeeded(username: str, address: str) -> None:
    """Forget the attempts of somebody who knew the password after all; of the wider counts, this one."""
    both, *wider = _limits(username, address)
    FailedLogin.objects.filter(key=both).delete()
    for key in wider:
        last = FailedLogin.objects.filter(key=key).order_by("-at", "-pk").values_list("pk", flat=True)[:1]
        FailedLogin.objects.filter(pk__in=list(last)).delete()


def _limits(username: str, address: str) -> dict[str, int]:
    """The keys of an attempt, and how often each may come."""
    # People type passwords into the name field: only digests are kept.
    name = username.strip().casefold()
    return {
        digest(f"{address}\n{name}"): MAX_ATTEMPTS,
        digest(f"address\n{address}"): MAX_ATTEMPTS_ADDRESS,
        digest(f"name\n{name}"): MAX_ATTEMPTS_NAME,
    }


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
