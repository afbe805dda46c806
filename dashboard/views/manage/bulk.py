"""Many vehicles at once: tags, another fleet, removal; undone where that costs nothing."""

import contextlib
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from dashboard.access import Request, signed_in
from dashboard.forms.fields import MAX_TAGS
from dashboard.forms.vehicles import BulkForm, TypedForm
from dashboard.views.manage.section import managed, show
from dashboard.views.manage.vehicles import matching, table_context
from tracking import drivers, removal, tasks, vehicles
from tracking.models import Driver, Fleet, Vehicle

MAX_IDS = 1000  # chosen one by one; all that match have no limit
UNDO_UP_TO = 1000  # vehicles
UNDO_S = 3600
UNDO_SALT = "manage.bulk.undo"
NAMES_SHOWN = 10


def chosen(request: Request, fleets: QuerySet[Fleet]) -> list[Vehicle]:
    """The vehicles that the form means: those in `ids`, or with `all` everyone that matches its filter.

    Http404 when one of them is not the user's to manage, BadRequest when there is none.
    """
    rows = (
        matching(fleets, request.POST)
        if request.POST.get("all")
        else Vehicle.objects.filter(fleet__in=fleets)
    )
    if not request.POST.get("all"):
        ids = {int(pk) for pk in request.POST.getlist("ids") if pk.isdecimal() and len(pk) < 19}
        if len(ids) > MAX_IDS:
            raise BadRequest(f"More than {MAX_IDS} ids.")
        rows = rows.filter(pk__in=ids)
        if len(rows) < len(ids):
            raise Http404
    found = list(rows.select_related("fleet", "driver"))
    if not found:
        raise BadRequest("No vehicle is chosen.")
    return found


@require_POST
@signed_in
def bulk(request: Request) -> HttpResponse:
    """Change the chosen vehicles, and show the table with what was done."""
    fleets = managed(request)
    form = BulkForm(request.POST, fleets=fleets)
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _table(request, {"problem": problem}, status=422)
    data = form.cleaned_data
    if data["do"] == "undo":
        return _table(request, _undo(fleets, data["before"]))
    found = chosen(request, fleets)
    before = _remembered(found)
    if data["do"] == "move":
        done = _move(found, data["to"])
    else:
        done = _tag(found, add=data["tags"] if data["do"] == "tag" else (), drop=data["tags"])
    return _table(request, {"done": done, "before": before})


def _table(request: Request, said: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return show(request, "vehicles", table_context(request, request.POST) | said, status=status)


@transaction.atomic
def _tag(found: list[Vehicle], *, add: Any, drop: Any) -> str:
    full = 0
    changed = []
    for vehicle in found:
        tags = (
            [tag for tag in vehicle.tags if tag not in drop]
            if not add
            else list(dict.fromkeys([*vehicle.tags, *add]))
        )
        if len(tags) > MAX_TAGS:
            full += 1
        elif tags != vehicle.tags:
            vehicle.tags = tags
            changed.append(vehicle)
    Vehicle.objects.bulk_update(changed, ["tags"], batch_size=500)
    vehicles.changed(*{vehicle.fleet_id for vehicle in changed})
    said = ngettext("%(n)d vehicle changed.", "%(n)d vehicles changed.", len(changed)) % {"n": len(changed)}
    if full:
        refused = ngettext(
            "%(n)d would have more than %(most)d tags.", "%(n)d would have more than %(most)d tags.", full
        )
        said += " " + refused % {"n": full, "most": MAX_TAGS}
    return said


def _move(found: list[Vehicle], to: Fleet) -> str:
    went = vehicles.move(found, {vehicle.pk: to for vehicle in found})
    said = ngettext("%(n)d vehicle moved to %(fleet)s.", "%(n)d vehicles moved to %(fleet)s.", went)
    return said % {"n": went, "fleet": to} + (
        " " + _("Tokens of their devices have to be made anew.") if went else ""
    )


# --- undo: what was before, signed, in the page itself ----------------------------------------


def _remembered(found: list[Vehicle]) -> str:
    """What `_undo` needs; empty when these are too many to carry along."""
    if len(found) > UNDO_UP_TO:
        return ""
    rows = [[vehicle.pk, vehicle.fleet_id, vehicle.driver_id, vehicle.tags] for vehicle in found]
    return signing.dumps(rows, salt=UNDO_SALT, compress=True)


def _undo(fleets: QuerySet[Fleet], before: str) -> dict[str, str]:
    try:
        rows = signing.loads(before, salt=UNDO_SALT, max_age=UNDO_S)
    except signing.BadSignature:
        return {"problem": _("It is too late to undo this.")}
    owners = {fleet.pk: fleet for fleet in fleets}
    with transaction.atomic():
        known = (
            Vehicle.objects.filter(fleet__in=fleets).select_related("fleet").in_bulk([row[0] for row in rows])
        )
        # Whose fleet or vehicle is no longer the user's to manage stays as it is.
        rows = [row for row in rows if row[0] in known and row[1] in owners]
        vehicles.move([known[row[0]] for row in rows], {row[0]: owners[row[1]] for row in rows})
        for pk, fleet, driver, tags in rows:
            Vehicle.objects.filter(pk=pk).update(tags=tags)
            _drive_again(pk, fleet, driver)
        vehicles.changed(*{row[1] for row in rows})
    return {"done": _("Undone.")}


def _drive_again(pk: int, fleet: int, driver: int | None) -> None:
    """Give a vehicle that was moved its driver back, unless somebody drives by now."""
    person = Driver.objects.filter(pk=driver, fleet=fleet, vehicles=None).first() if driver else None
    vehicle = Vehicle.objects.select_related("fleet").get(pk=pk)
    if person and vehicle.driver_id is None:
        drivers.assign(vehicle, person, at=now())


# --- removal -----------------------------------------------------------------------------------


@require_POST
@signed_in
def remove(request: Request) -> HttpResponse:
    """Say what goes with the chosen vehicles; when that is typed out, remove them."""
    found = chosen(request, managed(request))
    words = (
        found[0].name
        if len(found) == 1
        else ngettext("remove %(n)d vehicle", "remove %(n)d vehicles", len(found)) % {"n": len(found)}
    )
    bound = "typed" in request.POST
    form = TypedForm(request.POST if bound else None, words=words)
    if bound and form.is_valid():
        removal.remove_vehicles(vehicle.pk for vehicle in found)
        sweep()
        gone = ngettext("%(n)d vehicle removed.", "%(n)d vehicles removed.", len(found)) % {"n": len(found)}
        messages.success(request, gone)
        return redirect("manage")
    context = {
        "form": form,
        "vehicles": found[:NAMES_SHOWN],
        "more": max(0, len(found) - NAMES_SHOWN),
        "counts": removal.count([vehicle.pk for vehicle in found]),
        "kept": [
            (name, value)
            for name in ("ids", "all", "q", "fleet", "tag")
            for value in request.POST.getlist(name)
        ],
    }
    return show(request, "vehicles_remove", context, status=422 if form.errors else 200)


def sweep() -> None:
    """Have a worker remove what belonged to the removed; the nightly run does it when none can be asked."""
    with contextlib.suppress(OperationalError, OSError):
        tasks.sweep_removed.delay()
