"""The first start: one page that makes an empty installation somebody's."""

import contextlib
import json

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard.access import Request, superuser
from dashboard.disk import forecast
from dashboard.forms.people import SetupForm
from tracking.models import Fleet, Membership, Role


def needed(user: User) -> bool:
    """Whether the user should be led here: a superuser of an installation without any fleet."""
    return user.is_superuser and not Fleet.objects.exists() and not _demo_is_coming()


def _demo_is_coming() -> bool:
    """`up --demo` makes its fleets a moment after it has printed the sign-in link."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        children = json.loads((settings.DATA / "run" / "children.json").read_text())
        return any(child["name"] == "demo" for child in children)
    return False


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@superuser
def setup(request: Request) -> HttpResponse:
    """Your account and your first fleet. Gone once there is a fleet that is no demonstration."""
    if Fleet.objects.filter(demo=False).exists():
        raise Http404
    me = request.user
    initial = {"name": me.get_full_name(), "username": me.get_username(), "units": request.profile.units}
    form = SetupForm(request.POST or None, user=me, initial=initial)
    if request.method == "POST" and form.is_valid():
        _save(request, form)
        return redirect(_first_vehicle())
    return render(request, "dashboard/accounts/setup.html", {"form": form, "forecast": forecast()})


@transaction.atomic
def _save(request: Request, form: SetupForm) -> None:
    data = form.cleaned_data
    me = User.objects.get(pk=request.user.pk)
    me.username, me.first_name, me.last_name = data["username"], data["name"], ""
    me.set_password(data["password"])
    me.save()
    update_session_auth_hash(request, me)
    profile = request.profile
    profile.units = data["units"]
    profile.save()
    fleet = Fleet.objects.create(
        slug=form.slug(),
        name=data["fleet"],
        time_zone=data["time_zone"],
        retention_days=form.retention_days(),
    )
    Membership.objects.create(user=me, fleet=fleet, role=Role.MANAGER)


def _first_vehicle() -> str:
    with contextlib.suppress(NoReverseMatch):
        return reverse("manage_vehicle_add")
    return reverse("live")
