"""Vehicles from a spreadsheet: read, shown with what is wrong by line, then added."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import vehicle_csv
from dashboard.access import Request, signed_in
from dashboard.vehicle_csv import Line
from dashboard.views.manage.section import managed, show
from tracking import vehicles
from tracking.models import Fleet

LINES_SHOWN = 50  # good ones
ERRORS_SHOWN = 200


class ImportForm(forms.Form):
    """A file at first; its text again with the preview, to be checked once more and added."""

    fleet = forms.ModelChoiceField(
        Fleet.objects.none(), label=gettext_lazy("Into the fleet"), empty_label=None
    )
    file = forms.FileField(
        required=False,
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    text = forms.CharField(required=False, widget=forms.HiddenInput(), strip=False)

    def __init__(self, *args: Any, fleets: QuerySet[Fleet], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fleet"].queryset = fleets  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if isinstance(upload := data.get("file"), UploadedFile):
            try:
                data["text"] = vehicle_csv.decode(upload.read(vehicle_csv.MAX_BYTES + 1))
            except vehicle_csv.Unreadable as error:
                self.add_error("file", str(error))
        elif not data.get("text") and "file" not in self.errors:
            self.add_error("file", _("Choose a file first."))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def imports(request: Request) -> HttpResponse:
    """POST a `file`: the preview. POST its `text` with `add`: its good lines become vehicles."""
    fleets = managed(request)
    form = ImportForm(request.POST or None, request.FILES or None, fleets=fleets)
    if request.method != "POST":
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=422)
    fleet, text = form.cleaned_data["fleet"], form.cleaned_data["text"]
    try:
        lines = vehicle_csv.read(text, fleet)
    except vehicle_csv.Unreadable as error:
        form.add_error("file", str(error))
        return _show(request, form, status=422)
    good = [line for line in lines if not line.errors]
    if good and request.POST.get("add"):
        try:
            added = vehicles.add(fleet, [line.vehicle() for line in good])
        except IntegrityError:  # somebody took a device id since it was looked up
            return _show(request, form, preview=_preview(lines, fleet, text, again=True), status=409)
        said = ngettext("%(n)d vehicle added.", "%(n)d vehicles added.", len(added)) % {"n": len(added)}
        messages.success(request, said)
        return redirect("manage")
    return _show(request, form, preview=_preview(lines, fleet, text))


def _preview(lines: Sequence[Line], fleet: Fleet, text: str, *, again: bool = False) -> dict[str, Any]:
    wrong = [line for line in lines if line.errors]
    good = [line for line in lines if not line.errors]
    return {
        "fleet": fleet,
        "text": text,
        "again": again,
        "good": good[:LINES_SHOWN],
        "good_count": len(good),
        "wrong": wrong[:ERRORS_SHOWN],
        "wrong_count": len(wrong),
    }


def _show(request: Request, form: ImportForm, *, preview: Any = None, status: int = 200) -> HttpResponse:
    context = {"form": form, "preview": preview, "columns": vehicle_csv.COLUMNS, "most": vehicle_csv.MAX_ROWS}
    return show(request, "import", context, status=status)


@require_safe
@signed_in
def example(request: Request) -> HttpResponse:
    """A file to start from, with a byte order mark so that spreadsheets see its UTF-8."""
    managed(request)
    response = HttpResponse("\ufeff" + vehicle_csv.EXAMPLE, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="vehicles-example.csv"'
    return response
