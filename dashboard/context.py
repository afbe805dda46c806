"""What every template may use."""

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from dashboard.access import fleets_where, roles
from tracking.models import Fleet, Role


def page(request: HttpRequest) -> dict[str, Any]:
    """`csp_nonce`, and lazily:

    `fleets`: those the user sees, each with slug, name and role; `manages`: whether in one of them
    the user is manager; `writes`: whether they may write to vehicles; `suspended`: fleets
    of the user that are suspended.
    """
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None

    def fleets() -> list[dict[str, str]]:
        mine = roles(known) if known else []
        return [{"slug": fleet.slug, "name": fleet.name, "role": role.value} for fleet, role in mine]

    def manages() -> bool:
        return known is not None and (
            known.is_superuser or Role.MANAGER in [role for _, role in roles(known)]
        )

    def writes() -> bool:
        return known is not None and bool(fleets_where(known, Role.DISPATCHER))

    def suspended() -> list[Fleet]:
        return list(Fleet.objects.filter(suspended=True, memberships__user=known)) if known else []

    nonce = getattr(request, "csp_nonce", "")
    return {
        "csp_nonce": nonce,
        "fleets": fleets,
        "manages": manages,
        "writes": writes,
        "suspended": suspended,
    }
