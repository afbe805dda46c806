"""What a field offers while somebody types: vehicles and drivers by name, among thousands."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import Request, signed_in
from dashboard.forms.fields import named
from dashboard.views.manage.section import managed
from tracking.models import Driver, Vehicle

OFFERED = 20


@require_safe
@signed_in
def options(request: Request, what: str) -> HttpResponse:
    """Options of a `datalist`: those with `q` in their name, of `fleet` (its slug) or of all managed."""
    models = {"vehicle": Vehicle, "driver": Driver}
    if what not in models:
        raise Http404
    rows = models[what]._default_manager.filter(fleet__in=managed(request))
    if slug := request.GET.get("fleet", ""):
        rows = rows.filter(fleet__slug=slug)
    # The field that asks sends itself, under its own name.
    words = (request.GET.get("q") or request.GET.get(what, "")).replace("\0", "").partition("#")[0].strip()
    found = named(rows.filter(name__icontains=words).order_by("name", "pk"), OFFERED)
    return render(request, "dashboard/manage/_options.html", {"options": found})
