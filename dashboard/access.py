"""Who may see and do what. Everything starts from the user.

What a user may not see does not exist (404, the same as for an id that never was);
what a user sees but may not do is refused (403).
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers

from dashboard.errors import api_error, sentence
from tracking.models import Fleet, Membership, Role, Vehicle

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

# Each role may do what the ones before it may.
ROLES: tuple[Role, ...] = (Role.VIEWER, Role.DISPATCHER, Role.MANAGER)
P = ParamSpec("P")


class Request(HttpRequest):
    """A request of somebody who is signed in, as the middleware leaves it."""

    user: User
    htmx: "HtmxDetails"
    csp_nonce: str


def at_least(least: Role) -> list[Role]:
    """The roles that may do what `least` may."""
    return list(ROLES[ROLES.index(least) :])


def role(user: User | AnonymousUser, fleet: Fleet) -> Role | None:
    """The user's role in the fleet; None outside it. Superusers manage every fleet."""
    if not user.is_active:
        return None
    if user.is_superuser:
        return Role.MANAGER
    found = Membership.objects.filter(user_id=user.pk, fleet=fleet).values_list("role", flat=True).first()
    return Role(found) if found else None


def may(user: User | AnonymousUser, fleet: Fleet, least: Role) -> bool:
    return role(user, fleet) in at_least(least)


def fleets_where(user: User, least: Role) -> set[int]:
    """Ids of the fleets in which the user has at least this role."""
    if user.is_superuser:
        return set(Fleet.objects.values_list("pk", flat=True))
    return set(user.memberships.filter(role__in=at_least(least)).values_list("fleet_id", flat=True))


def vehicle_or_404(user: User, pk: int, least: Role = Role.VIEWER) -> Vehicle:
    """The vehicle; Http404 when it is not the user's to see, PermissionDenied below `least`."""
    vehicle = get_object_or_404(Vehicle.objects.visible_to(user).select_related("fleet", "driver"), pk=pk)
    if not may(user, vehicle.fleet, least):
        raise PermissionDenied(f"This needs the role {least} in {vehicle.fleet}.")
    return vehicle


def signed_in(
    view: Callable[Concatenate[Request, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only signed-in users through: others get the login page, htmx and /api/ a 401."""

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            response = view(cast(Request, request), *args, **kwargs)
        elif request.path.startswith("/api/"):
            response = api_error(401, "unauthenticated", "Sign in first.")
        elif request.headers.get("HX-Request"):
            response = sentence(request, "dashboard/_signed_out.html", {}, status=401)
            if request.method != "POST":
                response["HX-Reswap"] = "none"  # the page itself notices, and says so once
        else:
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return wrapper
