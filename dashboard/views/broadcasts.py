"""One text to many vehicles: choose them, see who that is, send; then who has it and who has not."""

import json
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import conversation, limits, recipients
from dashboard.access import Request, broadcast_or_404, fleets_where, signed_in
from dashboard.errors import too_many
from dashboard.views.messages import answers
from tracking import broadcasts as ledger
from tracking import messages
from tracking.models import Broadcast, Fleet, Message, Role

# Who has not: those below this rung of the ladder.
BELOW = {"undelivered": Message.Status.DELIVERED, "unread": Message.Status.READ}
ROWS = 500  # of a board; the ones who have it least come first
ONLY = {
    "": gettext_lazy("All"),
    "undelivered": gettext_lazy("Not delivered"),
    "unread": gettext_lazy("Not read"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def compose(request: Request) -> HttpResponse:
    """GET: whom and what; `vehicles`=1,2 or `fleet`=slug say whom. POST: send to those of the preview."""
    fleets = _writable(request)
    if request.method == "POST":
        seconds = limits.wait(limits.WRITE, request.user.pk)
        return too_many(request, seconds) if seconds else _send(request)
    return render(request, "dashboard/broadcast.html", _form(request, fleets))


@require_POST
@signed_in
def preview(request: Request) -> HttpResponse:
    """Who would get it: how many, by name, and who is left out."""
    _writable(request)
    return render(request, "dashboard/_recipients.html", recipients.chosen(request.user, request.POST))


@require_safe
@signed_in
def board(request: Request, pk: str) -> HttpResponse:
    """How far a broadcast came with each vehicle that the reader sees; `only`=undelivered or unread."""
    found = broadcast_or_404(request.user, pk)
    template = "dashboard/_board.html" if request.htmx else "dashboard/board.html"
    return render(request, template, _board(request, found))


@require_POST
@signed_in
def resend(request: Request, pk: str) -> HttpResponse:
    """Write again to those whom it did not reach; with `unread`=1 also to who got it and did not read."""
    found = broadcast_or_404(request.user, pk, Role.DISPATCHER)
    mine = fleets_where(request.user, Role.DISPATCHER)
    unread = request.POST.get("unread") == "1"
    again = ledger.resend_missing(found, by=request.user, unread=unread, fleets=mine)
    if not request.htmx:
        return redirect("broadcast", pk)
    response = render(request, "dashboard/_board.html", _board(request, found))
    said = ngettext("Written again to %(n)d vehicle.", "Written again to %(n)d vehicles.", len(again))
    response["HX-Trigger"] = json.dumps({"toast": {"text": said % {"n": len(again)}}})
    return response


def _writable(request: Request) -> list[Fleet]:
    """The fleets that the reader may write to; PermissionDenied when there are none."""
    fleets = list(Fleet.objects.filter(pk__in=fleets_where(request.user, Role.DISPATCHER)))
    if not fleets:
        raise PermissionDenied(_("To write to vehicles you need the role dispatcher."))
    return fleets


def _form(request: Request, fleets: list[Fleet], **typed: Any) -> dict[str, Any]:
    asked = request.GET.get("vehicles", "")
    to = "vehicles" if asked else "fleet"
    return {
        "to": to,
        "writable": fleets,
        "fleet": request.GET.get("fleet") or (fleets[0].slug if len(fleets) == 1 else ""),
        **recipients.chosen(request.user, {"to": to, "ids": asked}),
        "canned": list(dict.fromkeys(text for fleet in fleets for text in fleet.canned)),
        "replies": ", ".join(fleets[0].canned_answers) or str(conversation.DEFAULT_REPLIES),
        "max_text": messages.MAX_TEXT,
        "expiry": conversation.EXPIRY,
        "hours": conversation.USUAL_EXPIRY,
        "client_id": conversation.new_id(),
        **typed,
    }


def _send(request: Request) -> HttpResponse:
    said = request.POST
    text = said.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()
    hours = conversation.expiry_of(said.get("hours", ""))
    to = recipients.writable(request.user, said.get("vehicles", ""))
    try:
        sent = ledger.send(
            to,
            author=request.user,
            text=text,
            replies=answers(said.get("replies", "").replace("\0", "")),
            client_id=said.get("client_id", "")[:64].replace("\0", "") or None,
            target=recipients.target(request.user, said),
            expires=timedelta(hours=hours),
        )
    except messages.Refused as error:
        typed = {name: said.get(name, "") for name in ("replies", "client_id")}
        shown = recipients.chosen(request.user, {"to": "vehicles", "ids": said.get("vehicles", "")})
        context = _form(request, _writable(request), refusal=error.detail, text=text, **typed, **shown)
        return render(request, "dashboard/broadcast.html", context, status=422)
    return redirect("broadcast", sent.pk)


def _board(request: Request, found: Broadcast) -> dict[str, Any]:
    shown = ledger.board(found, fleets=Fleet.objects.visible_to(request.user))
    only = request.GET.get("only", "") if request.GET.get("only") in ONLY else ""
    rows = [message for message in shown.rows if message.status < BELOW.get(only, message.status + 1)]
    return {
        "broadcast": found,
        "counts": shown.counts,
        "unread": shown.counts.delivered - shown.counts.read,
        "rows": [{**conversation.state_of(message), "vehicle": message.vehicle} for message in rows[:ROWS]],
        "more": max(0, len(rows) - ROWS),
        "only": only,
        "onlies": ONLY,
        "target": recipients.target_words(found.target, shown.counts.total),
        "may_write": bool(
            fleets_where(request.user, Role.DISPATCHER) & {message.vehicle.fleet_id for message in shown.rows}
        ),
    }
