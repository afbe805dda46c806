"""Exports: what somebody wants to take away, how far it is, and the file (docs/PROTOCOL.md §5)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import access, exports, limits
from dashboard.access import Request, signed_in
from dashboard.errors import too_many
from dashboard.models import Export
from dashboard.views.tracks import NEVER_KEPT, moment
from tracking.history.tracks import in_threads
from tracking.models import Fleet, Role, Vehicle

SHOWN = 50
NAMES_SHOWN = 3
CHUNK = 256 * 1024
DAY_MS = 86_400_000
# What a browser opens, not what it may do with it.
CONTENT_TYPES = {
    ".csv": "text/csv; charset=utf-8; header=present",
    ".geojson": "application/geo+json",
    ".gpx": "application/gpx+xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def table(request: Request) -> HttpResponse:
    """The exports of whoever asks; to htmx only their rows. POST starts one.

    POST: `vehicles` (ids, repeated or with commas) or `fleet` (slug), `from`, `to` (with a zone, or on the
    clocks of `zone`), `format`, repeated. GET fills the form with `v`, `from`, `to`.
    """
    if request.method == "POST":
        return _start(request)
    rows = _rows(request)
    context = {"rows": rows, "going": any(row["going"] for row in rows)}
    if request.htmx:
        return render(request, "dashboard/_exports.html", context)
    return render(request, "dashboard/exports.html", context | _form(request, request.GET))


@require_POST
@signed_in
def cancel(request: Request, pk: int) -> HttpResponse:
    exports.cancel(access.export_or_404(request.user, pk))
    return redirect("exports")


@require_POST
@signed_in
def again(request: Request, pk: int) -> HttpResponse:
    """The same once more."""
    export = access.export_or_404(request.user, pk)
    if not access.may_take(request.user, export.vehicles):
        raise Http404
    try:
        exports.again(export, request.user)
    except exports.Refused as refused:
        messages.error(request, str(refused))
    return redirect("exports")


@require_POST
@signed_in
def remove(request: Request, pk: int) -> HttpResponse:
    exports.remove(access.export_or_404(request.user, pk))
    return redirect("exports")


@require_safe
@signed_in
def manifest(request: Request, pk: int) -> HttpResponse:
    """What is in the file: filters, range, counts, gaps, SHA-256."""
    export, path = _ready(request, pk)
    answer = JsonResponse(export.manifest, json_dumps_params={"ensure_ascii": False, "indent": 1})
    name = f"{export.file}.manifest.json"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["Cache-Control"] = NEVER_KEPT
    return answer


@require_safe
@signed_in
def file(request: Request, pk: int) -> HttpResponseBase:
    """The file, or the part of it that `Range` names: a download that broke off goes on."""
    export, path = _ready(request, pk)
    tag = f'"{export.sha256}"'
    part = _part(request, tag, export.size)
    if part is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{export.size}"})
    start, end = part
    whole = end - start == export.size
    content = in_threads(_chunks(path, start, end)) if request.method == "GET" else iter(())
    answer = StreamingHttpResponse(content, status=200 if whole else 206)
    answer["Content-Type"] = CONTENT_TYPES[path.suffix]
    answer["Content-Length"] = str(end - start)
    answer["Content-Disposition"] = content_disposition_header(True, export.file)
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = tag
    answer["Cache-Control"] = NEVER_KEPT
    answer["X-Accel-Buffering"] = "no"
    if not whole:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{export.size}"
    return answer


def _ready(request: Request, pk: int) -> tuple[Export, Path]:
    """The export and where its file is; Http404 when there is none that the user may take away."""
    export = access.export_or_404(request.user, pk)
    if export.status != Export.Status.READY or not access.may_take(request.user, export.vehicles):
        raise Http404
    path = exports.path_of(export)
    if not path.is_file():
        raise Http404
    return export, path


def _part(request: Request, tag: str, size: int) -> tuple[int, int] | None:
    """From where to where (not included) it is asked for; None: beyond its end. RFC 9110 §14."""
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    unchanged = request.headers.get("If-Range", tag) == tag
    if found is None or not any(found.groups()) or not unchanged:
        return 0, size
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    if last and int(last) < start:
        return 0, size  # it means nothing, so it is as if it were not there
    return (start, end) if start < size else None


def _chunks(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as content:
        content.seek(start)
        while start < end and (chunk := content.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk


# --- starting one ----------------------------------------------------------------------------


def _start(request: Request) -> HttpResponse:
    if wait := limits.wait(limits.EXPORT, request.user.pk):
        return too_many(request, wait)
    try:
        vehicles = _vehicles(request, request.POST)
        zone = _zone(request)
        first, last = _moment(request.POST, "from", zone), _moment(request.POST, "to", zone)
        formats = request.POST.getlist("format")
        exports.start(request.user, vehicles, formats, first=first, last=last, zone=zone.key)
    except (exports.Refused, ValueError) as error:
        rows = _rows(request)
        context = {"rows": rows, "going": any(row["going"] for row in rows), "refused": str(error)}
        return render(request, "dashboard/exports.html", context | _form(request, request.POST), status=422)
    return redirect("exports")


def _vehicles(request: Request, query: QueryDict) -> list[Vehicle]:
    """The vehicles that are named; Http404 or PermissionDenied for one that is not to be taken away."""
    if slug := query.get("fleet", ""):
        return list(access.fleet_or_404(request.user, slug, Role.DISPATCHER).vehicles.all())
    wanted = _ids(query, "vehicles")
    if len(wanted) > exports.MAX_VEHICLES:
        raise exports.Refused(_("At most %(most)d vehicles at once.") % {"most": exports.MAX_VEHICLES})
    mine = Vehicle.objects.filter(pk__in=wanted, fleet__in=access.taking(request.user))
    found = {vehicle.pk: vehicle for vehicle in mine}
    for pk in wanted:
        if pk not in found:
            access.vehicle_or_404(request.user, pk, Role.DISPATCHER)
    return [found[pk] for pk in wanted]


def _ids(query: QueryDict, name: str) -> list[int]:
    words = ",".join(query.getlist(name)).split(",")
    return list(dict.fromkeys(int(word) for word in words if re.fullmatch("[0-9]{1,18}", word)))


def _zone(request: Request) -> ZoneInfo:
    """The person's zone: of the profile, else of the browser, else UTC."""
    try:
        return ZoneInfo(request.profile.time_zone or request.POST.get("zone", "") or "UTC")
    except (OSError, ValueError):  # a folder's name; no such zone
        return ZoneInfo("UTC")


def _moment(query: QueryDict, name: str, zone: ZoneInfo) -> int:
    """A time in ms: with a zone, or as a field for local times writes it."""
    text = query.get(name, "")
    if not text:
        raise ValueError(_("Choose from when to when."))
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?", text):
        text = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).isoformat()
    return moment(name, text)


# --- the page --------------------------------------------------------------------------------


def _form(request: Request, query: QueryDict) -> dict[str, Any]:
    """The form: fleets to choose from, the vehicles that the address names, and yesterday."""
    taking = access.taking(request.user)
    named = _ids(query, "v") + _ids(query, "vehicles")
    chosen = Vehicle.objects.filter(pk__in=named[: exports.MAX_VEHICLES], fleet__in=taking)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    end = int(midnight.timestamp() * 1000)
    given: dict[str, int | None] = {"from": None, "to": None}
    for name in given:
        try:
            given[name] = moment(name, query.get(name, ""))
        except ValueError:
            continue
    return {
        "takes": bool(taking),
        "own_fleets": Fleet.objects.filter(pk__in=taking),
        "chosen": chosen,
        "formats": exports.FORMATS,
        "picked": query.getlist("format") or ["csv"],
        "from_ms": given["from"],
        "to_ms": given["to"],
        "from_local": _local(end - DAY_MS if given["from"] is None else given["from"]),
        "to_local": _local(end if given["to"] is None else given["to"]),
    }


def _local(ms: int) -> str:
    """As a field for local times takes it."""
    return timezone.localtime(datetime.fromtimestamp(ms / 1000, UTC)).strftime("%Y-%m-%dT%H:%M")


def _rows(request: Request) -> list[dict[str, Any]]:
    """The newest exports, with what each needs to be shown. A superuser sees everybody's."""
    found = Export.objects.all() if request.user.is_superuser else Export.objects.filter(user=request.user)
    shown = list(found.select_related("user").defer("manifest")[:SHOWN])
    wanted = {pk for export in shown for pk in export.vehicles}
    mine = Vehicle.objects.filter(fleet__in=access.taking(request.user))
    names = {pk: name for pk, name in mine.values_list("pk", "name") if pk in wanted}
    return [_row(request, export, names) for export in shown]


def _row(request: Request, export: Export, names: dict[int, str]) -> dict[str, Any]:
    status, own = export.status, all(pk in names for pk in export.vehicles)
    return {
        "export": export,
        "what": _what(export.vehicles, names) if own else _("Vehicles that are not yours any more"),
        "who": "" if export.user_id == request.user.pk else export.user.get_username(),
        "formats": ", ".join(exports.FORMATS.get(name, name) for name in export.formats),
        "start": datetime.fromtimestamp(export.start / 1000, UTC),
        "end": datetime.fromtimestamp(export.end / 1000, UTC),
        "own": own,
        "going": status in (Export.Status.QUEUED, Export.Status.RUNNING),
        "reason": exports.WORDS.get(export.detail, export.detail),
    }


def _what(vehicles: list[int], names: dict[int, str]) -> str:
    first = ", ".join(names[pk] for pk in vehicles[:NAMES_SHOWN])
    more = len(vehicles) - NAMES_SHOWN
    if more <= 0:
        return first
    others = ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return f"{first} {others}"
