"""What every template may use."""

from typing import Any

from django.http import HttpRequest

from dashboard.access import ROLES, fleets_where
from tracking.models import Fleet


def page(request: HttpRequest) -> dict[str, Any]:
    """`csp_nonce`, and lazily `fleets`: those the user sees, each with `.role`."""
    user = getattr(request, "user", None)

    def fleets() -> list[dict[str, str]]:
        if user is None or not user.is_authenticated:
            return []
        reach = [(role, fleets_where(user, role)) for role in ROLES]
        return [
            {
                "slug": fleet.slug,
                "name": fleet.name,
                "role": max((role for role, ids in reach if fleet.pk in ids), key=ROLES.index).value,
            }
            for fleet in Fleet.objects.visible_to(user)
        ]

    return {"csp_nonce": getattr(request, "csp_nonce", ""), "fleets": fleets}
