"""The fleets: what they are called and keep, when silence counts, what is said often."""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.access import Request, fleet_or_404, signed_in, superuser
from dashboard.forms.fleets import AddFleetForm, CannedForm, FleetForm, ThresholdsForm
from dashboard.forms.vehicles import TypedForm
from dashboard.views.manage.bulk import sweep
from dashboard.views.manage.section import managed, show
from tracking import live, removal, vehicles
from tracking.models import Role

FORMS = {"fleet": FleetForm, "thresholds": ThresholdsForm, "canned": CannedForm}


@require_safe
@signed_in
def table(request: Request) -> HttpResponse:
    counted = managed(request).annotate(
        vehicle_count=Count("vehicles", distinct=True), member_count=Count("memberships", distinct=True)
    )
    return show(request, "fleets", {"fleets": counted})


@require_http_methods(["GET", "HEAD", "POST"])
@superuser
def add(request: Request) -> HttpResponse:
    form = AddFleetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        live.announce([live.look()])
        return redirect("manage_fleet", made.slug)
    return show(request, "fleet_add", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def fleet(request: Request, slug: str) -> HttpResponse:
    """The page of one fleet. POST `form` names which of its forms is sent."""
    found = fleet_or_404(request.user, slug, Role.MANAGER)
    name = request.POST.get("form", "")
    if request.method == "POST" and name in FORMS:
        form = FORMS[name](request.POST, instance=found)
        if form.is_valid():
            form.save()
            vehicles.changed(found.pk)
            messages.success(request, _("Saved."))
            return redirect("manage_fleet", slug)
        return _page(request, slug, status=422, **{name: form})
    return _page(request, slug)


def _page(request: Request, slug: str, *, status: int = 200, **bound: Any) -> HttpResponse:
    found = fleet_or_404(request.user, slug, Role.MANAGER)
    forms = {name: form(instance=found) for name, form in FORMS.items()}
    context = {"fleet": found, "forms": forms | bound, "keys": found.keys.all()}
    return show(request, "fleet", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@superuser
def remove(request: Request, slug: str) -> HttpResponse:
    """Say what goes with a fleet; when its name is typed, remove it."""
    found = fleet_or_404(request.user, slug, Role.MANAGER)
    form = TypedForm(request.POST or None, words=found.name)
    if request.method == "POST" and form.is_valid():
        removal.remove_fleet(found)
        sweep()
        messages.success(request, _("%(name)s was removed.") % {"name": found.name})
        return redirect("manage_fleets")
    context = {
        "fleet": found,
        "form": form,
        "counts": removal.count(list(found.vehicles.values_list("pk", flat=True))),
        "members": found.memberships.count(),
        "drivers": found.drivers.count(),
    }
    return show(request, "fleet_remove", context, status=422 if form.is_bound else 200)
