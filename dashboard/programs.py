"""API tokens: programs that read what one user may see (docs/PROTOCOL.md §5)."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.timezone import now

from dashboard.models import ApiToken

PREFIX = "flt_"  # so that a scanner for leaked secrets knows one when it sees it
SECRET_BYTES = 32
MAX_TOKENS = 50  # of one user
# `last_used` is written at most this often.
SEEN_EVERY = timedelta(minutes=1)


def issue(user: User, *, name: str, expires: datetime | None = None) -> str:
    """Return a new token. It is shown now or never: only its digest is kept."""
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    ApiToken.objects.create(
        digest=_digest(token), hint=token[-4:], user=user, name=name[:100], expires=expires
    )
    return token


def bearer(header: str) -> str | None:
    """The token of `Authorization: Bearer …`; None for no header and for another scheme (a proxy's Basic)."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def user_of(token: str) -> User | None:
    """The active user of a token that has not ended; None for all else."""
    moment = now()
    usable = ApiToken.objects.filter(Q(expires=None) | Q(expires__gt=moment), user__is_active=True)
    found = usable.select_related("user").filter(digest=_digest(token)).first()
    if found is None:
        return None
    if found.last_used is None or found.last_used < moment - SEEN_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used=moment)
    return found.user


def _digest(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
