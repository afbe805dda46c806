"""Files of tracks into a vehicle's history: upload, preview, progress, undo (docs/DESIGN.md)."""

import errno
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, track_jobs
from dashboard.access import Request, signed_in
from dashboard.forms.fields import ZoneField
from tracking.history.imports import work
from tracking.history.imports.raw import UNITS
from tracking.models import Import, Role, Vehicle

SHOWN = 50
ENDINGS = ".gpx,.kml,.csv,.geojson,.json,.rec,.txt"
GOING = (Import.Status.READING, Import.Status.QUEUED, Import.Status.RUNNING, Import.Status.UNDOING)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"), max_length=200, widget=forms.FileInput(attrs={"accept": ENDINGS})
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > settings.IMPORT_MB * 1_000_000:
            words = _("A file of at most %(most)d MB can be imported.")
            raise forms.ValidationError(words % {"most": settings.IMPORT_MB})
        return file


class ReadForm(forms.Form):
    """How to read what the file does not say."""

    zone = ZoneField(required=False)
    unit = forms.ChoiceField(required=False, choices=[(unit, unit) for unit in UNITS])


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def imports(request: Request, pk: int) -> HttpResponse:
    """The imports of a vehicle; POST a `file`: its preview. For managers."""
    vehicle = access.vehicle_or_404(request.user, pk, Role.MANAGER)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = track_jobs.upload(vehicle, form.cleaned_data["file"], by=request.user)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            form.add_error("file", track_jobs.WORDS["disk"])
        else:
            return redirect("track_import", row.pk)
    rows = [_row(row) for row in vehicle.imports.all()[:SHOWN]]
    context = {"vehicle": vehicle, "form": form, "rows": rows, "most": settings.IMPORT_MB}
    status = 422 if form.is_bound else 200
    return render(request, "dashboard/manage/track_imports.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def one(request: Request, pk: int) -> HttpResponse:
    """One import: what was understood of it, how far it is. To htmx only that.

    POST `do`: `read` (again, with `zone` and `unit`), `start`, `undo`, `discard`.
    """
    row = _found(request, pk)
    if request.method == "POST":
        return _do(request, row)
    context = {"vehicle": row.vehicle, **_row(row), "zones": ReadForm(initial={"zone": row.time_zone})}
    name = "_track_import" if request.htmx else "track_import"
    return render(request, f"dashboard/manage/{name}.html", context)


@require_safe
@signed_in
def bad_rows(request: Request, pk: int) -> HttpResponseBase:
    """The rows that were left out, as CSV: where, why, what."""
    row = _found(request, pk)
    path = work.bad_of(row)
    if not path.exists():
        raise Http404
    # A few kilobytes as a rule; written by us, so its cells are made harmless there.
    answer = FileResponse(path.open("rb"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{row.pk}-left-out.csv"'
    return answer


def _found(request: Request, pk: int) -> Import:
    """An import into a vehicle that the user manages; Http404 or PermissionDenied otherwise."""
    seen = Vehicle.objects.visible_to(request.user)
    row = get_object_or_404(Import.objects.filter(vehicle__in=seen), pk=pk)
    row.vehicle = access.vehicle_or_404(request.user, row.vehicle_id, Role.MANAGER)
    return row


def _do(request: Request, row: Import) -> HttpResponse:
    what = request.POST.get("do", "")
    if what == "discard" and track_jobs.discard(row):
        return redirect("track_imports", row.vehicle_id)
    form = ReadForm(request.POST)
    if what in ("read", "start") and form.is_valid():
        zone, unit = form.cleaned_data["zone"], form.cleaned_data["unit"]
        if not track_jobs.settle(row, zone=zone, unit=unit, start=what == "start", by=request.user):
            messages.error(request, _("Choose the time zone of its times first."))
    elif what == "undo" and not work.undo(row, by=request.user.get_username()):
        messages.error(request, _("There is nothing to undo."))
    track_jobs.wake()
    return redirect("track_import", row.pk)


def _row(row: Import) -> dict[str, Any]:
    preview = row.preview
    return {
        "row": row,
        "preview": preview,
        "going": row.status in GOING,
        "start": _moment(row.start),
        "end": _moment(row.end),
        "fresh": preview.get("fixes", 0) - row.duplicates,
        "zone_needed": bool(preview.get("without_zone")) and not row.time_zone,
        "units": list(UNITS),
        "reason": track_jobs.WORDS.get(row.detail, row.detail),
        "percent": row.percent,
    }


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
