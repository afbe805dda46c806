"""Conversations: the page of all of them, the thread with one vehicle, its note, what its device is asked."""

import re
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import conversation, inbox, limits
from dashboard.access import Request, may, signed_in, vehicle_or_404
from dashboard.errors import api_error, too_many
from tracking import messages, notes
from tracking.models import Message, Role, Vehicle


@require_safe
@signed_in
def page(request: Request) -> HttpResponse:
    """The threads, and the one of `?v=`; to htmx, what stands at the right."""
    context: dict[str, Any] = inbox.threads_context(request)
    if request.GET.get("v", "").isdecimal():
        found = vehicle_or_404(request.user, int(request.GET["v"][:18]))
        context |= _thread(request, found, request.GET.get("count", ""))
    else:
        context["broadcasts"] = inbox.broadcasts(request.user)
    template = "dashboard/_conversation.html" if request.htmx else "dashboard/messages.html"
    return render(request, template, context)


@require_safe
@signed_in
def threads(request: Request) -> HttpResponse:
    """The list at the left: `show=unread`, `q` words in texts, vehicles, drivers; `v` is open."""
    if not request.htmx:
        return redirect("messages")
    return render(request, "dashboard/_threads.html", inbox.threads_context(request))


@require_safe
@signed_in
def unread(request: Request) -> HttpResponse:
    """How many vehicles wait to be heard, for the link on every page; empty for none."""
    many = len(inbox.unread(request.user))
    words = format_html(
        '{} <span class="visually-hidden">{}</span>', many, pgettext("conversations", "unread")
    )
    return HttpResponse(words if many else "")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def thread(request: Request, pk: int) -> HttpResponse:
    """GET: the thread as a fragment. POST `text`, `client_id`, `replies`, `hours`: write to the vehicle."""
    if request.method == "POST":
        return _write(request, pk)
    found = vehicle_or_404(request.user, pk)
    if not request.htmx:
        return redirect("vehicle", pk)
    return _shown(request, found, count=request.GET.get("count", ""))


def _thread(request: Request, found: Vehicle, count: str = "") -> dict[str, Any]:
    may_write = may(request.user, found.fleet, Role.DISPATCHER)
    return conversation.thread_context(found, may_write=may_write, count=count)


def _shown(
    request: Request, found: Vehicle, *, count: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """The thread, to htmx; else the page that has it."""
    if not request.htmx:
        return redirect("vehicle", found.pk)
    return render(request, "dashboard/_thread.html", _thread(request, found, count) | more, status=status)


def _write(request: Request, pk: int) -> HttpResponse:
    """Queue a message. `Accept: application/json` is answered {"id"} or {"error": {"code", "detail"}}."""
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER)
    if seconds := limits.wait(limits.WRITE, request.user.pk):
        return too_many(request, seconds)
    # Browsers send line breaks as CRLF, and count them as one character.
    text = request.POST.get("text", "").replace("\r\n", "\n").strip()
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in ("client_id", "replies")}
    hours = conversation.expiry_of(request.POST.get("hours", ""))
    as_json = request.accepts("application/json") and not request.accepts("text/html")
    try:
        message = messages.queue(
            found,
            author=request.user,
            author_name=request.user.get_full_name() or request.user.get_username(),
            text=text,
            replies=answers(typed["replies"]),
            client_id=typed["client_id"][:64] or None,
            expires=timedelta(hours=hours),
        )
    except messages.Refused as error:
        if as_json:
            return api_error(422, error.code, error.detail)
        return _shown(request, found, status=422, refusal=error.detail, text=text, **typed)
    return JsonResponse({"id": message.pk}) if as_json else _shown(request, found)


def answers(typed: str) -> list[str]:
    """What the driver may tap, from words with commas between them."""
    return [word.strip() for word in re.split("[,，]", typed) if word.strip()]


@require_POST
@signed_in
def cancel(request: Request, pk: int, message: str) -> HttpResponse:
    """Take a message back that was not delivered; too late: the thread shows how far it came."""
    found, one = _message(request, pk, message)
    messages.cancel(one.pk, by=request.user)
    return _shown(request, found)


@require_POST
@signed_in
def resend(request: Request, pk: int, message: str) -> HttpResponse:
    """Write again what failed, expired or was cancelled; once, however often it is asked for."""
    found, one = _message(request, pk, message)
    try:
        messages.resend(one.pk, by=request.user)
    except messages.Refused as error:
        return _shown(request, found, status=422, refusal=error.detail)
    return _shown(request, found)


def _message(request: Request, pk: int, message: str) -> tuple[Vehicle, Message]:
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER)
    return found, get_object_or_404(Message, vehicle=found, pk=message)


@require_POST
@signed_in
def command(request: Request, pk: int) -> HttpResponse:
    """Ask the device: `name`=locate, or interval with `seconds`."""
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER)
    if wait := limits.wait(limits.WRITE, request.user.pk):
        return too_many(request, wait)
    name, seconds = request.POST.get("name", ""), request.POST.get("seconds", "")
    args = {"seconds": int(seconds[:9])} if name == "interval" and seconds.isdecimal() else {}
    try:
        messages.command(found, name, args, author=request.user)
    except messages.Refused as error:
        return _shown(request, found, status=422, refusal=error.detail)
    return _shown(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def note(request: Request, pk: int) -> HttpResponse:
    """GET: the note as a fragment. POST `text`, and of which note it is an edit (`seen`): keep it."""
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER if request.method == "POST" else Role.VIEWER)
    context: dict[str, Any] = {"vehicle": found, "may_write": may(request.user, found.fleet, Role.DISPATCHER)}
    if request.method == "POST":
        context |= _keep_note(request, found)
    if not request.htmx:
        return redirect("vehicle", pk)
    return render(request, "dashboard/_note.html", context | {"note": notes.get(found)})


def _keep_note(request: Request, found: Vehicle) -> dict[str, Any]:
    """Replace the note; what stands in the way when somebody else has changed it meanwhile."""
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()
    known = notes.get(found)
    if known and known.at.isoformat() != request.POST.get("seen", "") and known.text != text:
        said = _("%(name)s has changed it meanwhile: see above. Keep yours instead?")
        return {"refusal_of_note": said % {"name": known.by_name}, "note_text": text}
    try:
        notes.put(found, text, by=request.user)
    except messages.Refused as error:
        return {"refusal_of_note": error.detail, "note_text": text}
    return {}
