"""The people of a fleet, for its managers: members, invitations, and what may be done for one person."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import limits, people, sessions, signin
from dashboard.access import (
    ROLE_NAMES,
    ROLES,
    Request,
    fleet_or_404,
    fleets_where,
    governs,
    person_or_404,
    signed_in,
    superuser,
)
from dashboard.errors import too_many
from dashboard.forms.people import InviteForm
from tracking.models import Fleet, Membership, Role


@require_safe
@signed_in
def members(request: Request, slug: str) -> HttpResponse:
    return _members(request, fleet_or_404(request.user, slug, Role.MANAGER))


@require_POST
@signed_in
def invite(request: Request, slug: str) -> HttpResponse:
    """Make an invitation; the answer shows its link, once."""
    fleet = fleet_or_404(request.user, slug, Role.MANAGER)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _members(request, fleet, form=form, status=422)
    if wait := limits.wait(limits.INVITE, request.user.pk):
        return too_many(request, wait)
    role, name = Role(form.cleaned_data["role"]), form.cleaned_data["name"]
    secret = people.invite(fleet, role, by=request.user, name=name)
    link = request.build_absolute_uri(reverse("invitation", args=[secret]))
    return _members(request, fleet, link=link, invited={"name": name, "role": ROLE_NAMES[role]})


@require_POST
@signed_in
def invitation_revoke(request: Request, slug: str, pk: int) -> HttpResponse:
    fleet = fleet_or_404(request.user, slug, Role.MANAGER)
    get_object_or_404(people.open_invitations(fleet), pk=pk).delete()
    messages.success(request, gettext("The invitation no longer works."))
    return redirect("members", slug)


@require_POST
@signed_in
def member_role(request: Request, slug: str, pk: int) -> HttpResponse:
    membership = _member(request, slug, pk)
    try:
        role = Role(request.POST.get("role", ""))
    except ValueError:
        raise BadRequest from None
    try:
        people.change_role(membership, role)
    except people.Refused as refused:
        messages.error(request, str(refused))
    else:
        said = gettext("%(name)s is %(role)s of %(fleet)s now.")
        names = {"name": people.called(membership.user), "role": ROLE_NAMES[role], "fleet": membership.fleet}
        messages.success(request, said % names)
    return redirect("members", slug)


@require_POST
@signed_in
def member_remove(request: Request, slug: str, pk: int) -> HttpResponse:
    membership = _member(request, slug, pk)
    try:
        people.remove(membership)
    except people.Refused as refused:
        messages.error(request, str(refused))
        return redirect("members", slug)
    if request.user == membership.user:
        return redirect("live")  # who left may not see the page of members any more
    said = gettext("%(name)s is no member of %(fleet)s any more.")
    messages.success(request, said % {"name": people.called(membership.user), "fleet": membership.fleet})
    return redirect("members", slug)


@require_POST
@superuser
def fleet_suspend(request: Request, slug: str) -> HttpResponse:
    """`suspended=1`: members and devices of the fleet are kept out; `0`: taken back."""
    fleet = fleet_or_404(request.user, slug)
    people.suspend(fleet, suspended=request.POST.get("suspended") == "1")
    return redirect("manage_fleet", slug)


# --- one person --------------------------------------------------------------------------


@require_safe
@signed_in
def everybody(request: Request) -> HttpResponse:
    """Everybody whom the user manages in some fleet; to a superuser, everybody."""
    fleets = fleets_where(request.user, Role.MANAGER)
    if not fleets and not request.user.is_superuser:
        raise PermissionDenied(gettext("This is for managers of a fleet."))
    shown = Membership.objects.filter(fleet__in=fleets).select_related("fleet").order_by("fleet__name")
    found = User.objects.prefetch_related(Prefetch("memberships", shown, "shown")).order_by("username")
    if not request.user.is_superuser:
        found = found.filter(memberships__fleet__in=fleets).distinct()
    managed = Fleet.objects.filter(pk__in=fleets)
    return render(request, "dashboard/people/everybody.html", {"people": found, "managed": managed})


@require_safe
@signed_in
def person(request: Request, pk: int) -> HttpResponse:
    return _person(request, person_or_404(request.user, pk))


@require_POST
@signed_in
def person_reset(request: Request, pk: int) -> HttpResponse:
    """Make a link that sets a new password; the answer shows it, once."""
    found = _governed(request, pk)
    if not found.is_active:
        raise PermissionDenied(gettext("This account is disabled."))
    if wait := limits.wait(limits.INVITE, request.user.pk):
        return too_many(request, wait)
    return _person(request, found, link=request.build_absolute_uri(signin.reset_path(found)))


@require_POST
@signed_in
def person_sign_out(request: Request, pk: int) -> HttpResponse:
    people.sign_out(_governed(request, pk))
    messages.success(request, gettext("Signed out in every browser."))
    return redirect("person", pk)


@require_POST
@signed_in
def person_disable(request: Request, pk: int) -> HttpResponse:
    found = _governed(request, pk)
    try:
        if found == request.user:
            raise people.Refused(gettext("Nobody disables their own account: ask somebody else."))
        people.disable(found, by=request.user)
    except people.Refused as refused:
        messages.error(request, str(refused))
    return redirect("person", pk)


@require_POST
@signed_in
def person_enable(request: Request, pk: int) -> HttpResponse:
    people.enable(_governed(request, pk))
    return redirect("person", pk)


# -------------------------------------------------------------------------------------------


def _members(request: Request, fleet: Fleet, *, status: int = 200, **more: Any) -> HttpResponse:
    rows = fleet.memberships.select_related("user").order_by("user__first_name", "user__username")
    context = {
        "fleet": fleet,
        "members": rows,
        "invitations": [(row, ROLE_NAMES[Role(row.role)]) for row in people.open_invitations(fleet)],
        "roles": [(role.value, ROLE_NAMES[role]) for role in ROLES],
        "form": InviteForm(),
        "days": people.INVITATION_DAYS,
        **more,
    }
    return render(request, "dashboard/people/members.html", context, status=status)


def _member(request: Request, slug: str, pk: int) -> Membership:
    fleet = fleet_or_404(request.user, slug, Role.MANAGER)
    return get_object_or_404(fleet.memberships.select_related("user", "fleet"), pk=pk)


def _person(request: Request, found: User, *, link: str = "") -> HttpResponse:
    fleets = fleets_where(request.user, Role.MANAGER)
    rows = found.memberships.filter(fleet__in=fleets).select_related("fleet").order_by("fleet__name")
    context = {
        "person": found,
        "memberships": [(row.fleet, ROLE_NAMES[Role(row.role)]) for row in rows],
        "browsers": sessions.of(found).count(),
        "governs": governs(request.user, found),
        "link": link,
    }
    return render(request, "dashboard/people/person.html", context)


def _governed(request: Request, pk: int) -> User:
    found = person_or_404(request.user, pk)
    if not governs(request.user, found):
        raise PermissionDenied(
            gettext("This person is also in fleets that you do not manage: ask a superuser.")
        )
    return found
