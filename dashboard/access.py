"""Who may see and do what. Everything starts from the user.

What a user may not see does not exist (404, the same as for an id that never was);
what a user sees but may not do is refused (403). A viewer sees; a dispatcher also writes to
vehicles, acknowledges alerts and takes tracks away; a manager also changes vehicles, devices,
members and settings; a superuser is manager of every fleet, suspended ones too.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext, gettext_lazy

from dashboard import limits, programs
from dashboard.errors import api_error, sentence, too_many
from dashboard.models import Export, Profile
from tracking.database import parts
from tracking.models import Broadcast, Fleet, Membership, Role, Vehicle

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

# What a program with an API token may ask for (docs/PROTOCOL.md §5); all of it only by GET.
FOR_PROGRAMS = {
    "track",
    "trail",
    "fleet_positions",
    "places",
    "api_history",
    "api_past",
    "api_past_tracks",
    "api_within",
}
# What is still there for members of suspended fleets only.
WITHOUT_A_FLEET = {"profile"}
# Each role may do what the ones before it may.
ROLES: tuple[Role, ...] = (Role.VIEWER, Role.DISPATCHER, Role.MANAGER)
ROLE_NAMES = {
    Role.VIEWER: gettext_lazy("viewer"),
    Role.DISPATCHER: gettext_lazy("dispatcher"),
    Role.MANAGER: gettext_lazy("manager"),
}
P = ParamSpec("P")


class Request(HttpRequest):
    """A request of somebody who is signed in, as the middleware leaves it."""

    user: User
    profile: Profile
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
    mine = Membership.objects.filter(user_id=user.pk, fleet=fleet, fleet__suspended=False)
    found = mine.values_list("role", flat=True).first()
    return Role(found) if found else None


def roles(user: User) -> list[tuple[Fleet, Role]]:
    """The fleets that the user sees, by name, and the role in each."""
    if user.is_superuser:
        return [(fleet, Role.MANAGER) for fleet in Fleet.objects.all()]
    mine = user.memberships.filter(fleet__suspended=False).select_related("fleet").order_by("fleet__name")
    return [(membership.fleet, Role(membership.role)) for membership in mine]


def may(user: User | AnonymousUser, fleet: Fleet, least: Role) -> bool:
    return role(user, fleet) in at_least(least)


def fleets_where(user: User, least: Role) -> set[int]:
    """Ids of the fleets in which the user has at least this role."""
    if user.is_superuser:
        return set(Fleet.objects.values_list("pk", flat=True))
    mine = user.memberships.filter(role__in=at_least(least), fleet__suspended=False)
    return set(mine.values_list("fleet_id", flat=True))


def fresh(user: User) -> User | AnonymousUser:
    """The user as the database has them now; nobody when gone or disabled. For what outlives a request."""
    return User.objects.filter(pk=user.pk, is_active=True).first() or AnonymousUser()


def fleet_or_404(user: User, slug: str, least: Role = Role.VIEWER) -> Fleet:
    """The fleet; Http404 when it is not the user's to see, PermissionDenied below `least`."""
    fleet = get_object_or_404(Fleet.objects.visible_to(user), slug=slug)
    _require(user, fleet, least)
    return fleet


def vehicle_or_404(user: User, pk: int, least: Role = Role.VIEWER) -> Vehicle:
    """The vehicle; Http404 when it is not the user's to see, PermissionDenied below `least`."""
    vehicle = get_object_or_404(Vehicle.objects.visible_to(user).select_related("fleet", "driver"), pk=pk)
    _require(user, vehicle.fleet, least)
    return vehicle


def _require(user: User, fleet: Fleet, least: Role) -> None:
    if not may(user, fleet, least):
        needs = gettext("This needs the role %(role)s in %(fleet)s.")
        raise PermissionDenied(needs % {"role": ROLE_NAMES[least], "fleet": fleet})


class NotYours(Exception):
    """Vehicles that somebody may not take away, or not any more."""


def taking(user: User) -> set[int]:
    """Ids of the fleets whose tracks the user may take away."""
    return fleets_where(user, Role.DISPATCHER)


def may_take(user: User, vehicles: Iterable[int]) -> bool:
    """Whether the user may take every one of these vehicles' tracks away now. One that is gone: nobody."""
    wanted = list(set(vehicles))
    mine = taking(user)
    found = (Vehicle.objects.filter(pk__in=part, fleet__in=mine).count() for part in parts(wanted))
    return sum(found) == len(wanted)


def export_or_404(user: User, pk: int) -> Export:
    """An export that the user has asked for; a superuser: anybody's."""
    rows = Export.objects.all() if user.is_superuser else Export.objects.filter(user=user)
    return get_object_or_404(rows.select_related("user"), pk=pk)


def broadcast_or_404(user: User, pk: str, least: Role = Role.VIEWER) -> Broadcast:
    """A broadcast to a vehicle that the user sees; PermissionDenied with `least` in none of their fleets."""
    rows = Broadcast.objects.filter(pk=pk)
    to = set(rows.values_list("messages__vehicle__fleet", flat=True))
    if not to & fleets_where(user, Role.VIEWER):
        raise Http404
    if not to & fleets_where(user, least):
        raise PermissionDenied(gettext("This needs the role %(role)s.") % {"role": ROLE_NAMES[least]})
    return rows.get()


def person_or_404(user: User, pk: int) -> User:
    """Somebody whom the user manages in at least one fleet; Http404 for others. A superuser: anybody."""
    people = User.objects.all()
    if not user.is_superuser:
        people = people.filter(memberships__fleet__in=fleets_where(user, Role.MANAGER)).distinct()
    return get_object_or_404(people, pk=pk)


def governs(user: User, person: User) -> bool:
    """Whether the user may let the person in anew, sign them out and disable them.

    A manager may, of people whose every fleet they manage: a link that signs somebody in opens
    all that somebody sees.
    """
    if user.is_superuser:
        return True
    theirs = set(person.memberships.values_list("fleet_id", flat=True))
    return not person.is_superuser and bool(theirs) and theirs <= fleets_where(user, Role.MANAGER)


def reader(request: HttpRequest) -> User | None:
    """Who asks: the user of the API token in the request where one is taken, else of the session."""
    route = request.resolver_match.url_name if request.resolver_match else None
    if route in FOR_PROGRAMS and request.method in ("GET", "HEAD"):
        token = programs.bearer(request.headers.get("Authorization", ""))
        if token is not None:
            return programs.user_of(token)
    user = request.user
    return user if isinstance(user, User) and user.is_active else None


def signed_in(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let only signed-in users through: others get the login page, htmx and /api/ a 401.

    The view runs in the user's language and time zone.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = reader(request)
        if user is None:
            response: HttpResponseBase = _nobody(request)
        else:
            request.user = user
            settle(cast(Request, request))
            refused = _refused(cast(Request, request))
            response = refused or view(cast(Request, request), *args, **kwargs)
            response.headers.setdefault("Content-Language", translation.get_language() or "en")
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return wrapper


def superuser(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """As `signed_in`; whoever is no superuser finds nothing (404)."""

    @wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(wrapper)


def settle(request: Request) -> None:
    """Take the user's language and time zone for the rest of this request."""
    request.profile = Profile.objects.filter(user=request.user).first() or Profile(user=request.user)
    if request.profile.language:
        translation.activate(request.profile.language)
    if request.profile.time_zone:
        timezone.activate(request.profile.time_zone)
    else:
        timezone.deactivate()


def _refused(request: Request) -> HttpResponse | None:
    """The answer to somebody who may not go on at all, for now."""
    if request.path.startswith("/api/") and (wait := limits.wait(limits.API, request.user.pk)):
        return too_many(request, wait)
    route = request.resolver_match.url_name if request.resolver_match else None
    if not request.user.is_superuser and route not in WITHOUT_A_FLEET:
        suspended = request.user.memberships.values_list("fleet__suspended", flat=True)
        if suspended and all(suspended):
            return _suspended(request)
    return None


def _suspended(request: Request) -> HttpResponse:
    detail = gettext("Your fleet is suspended.")
    if request.path.startswith("/api/"):
        return api_error(403, "suspended", detail)
    if request.headers.get("HX-Request"):
        return sentence(request, "dashboard/_refused.html", {"detail": detail}, status=403)
    fleets = Fleet.objects.filter(memberships__user=request.user)
    return render(request, "dashboard/people/suspended.html", {"suspended": fleets}, status=403)


def _nobody(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return api_error(401, "unauthenticated", gettext("Sign in first."))
    if request.headers.get("HX-Request"):
        response = sentence(request, "dashboard/_signed_out.html", {}, status=401)
        if request.method != "POST":
            response["HX-Reswap"] = "none"  # the page itself notices, and says so once
        return response
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
