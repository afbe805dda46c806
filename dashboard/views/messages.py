"""The conversation with one vehicle."""

import re
import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.access import Request, may, signed_in, vehicle_or_404
from tracking import messages
from tracking.models import Message, Role, Vehicle

THREAD_LENGTH = 50  # newest messages shown at first …
MAX_THREAD_LENGTH = 2000  # … and at most, by "Show earlier"
DEFAULT_REPLIES = gettext_lazy("OK, Delayed")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def thread(request: Request, pk: int) -> HttpResponse:
    """GET: the thread as a fragment. POST `text`, `client_id`, `replies`: write to the vehicle."""
    if request.method == "POST":
        return _write(request, pk)
    found = vehicle_or_404(request.user, pk)
    if not request.htmx:
        return redirect("vehicle", pk)
    may_write = may(request.user, found.fleet, Role.DISPATCHER)
    context = thread_context(found, may_write=may_write, count=request.GET.get("count", ""))
    return render(request, "dashboard/_thread.html", context)


def thread_context(found: Vehicle, *, may_write: bool, count: str = "") -> dict[str, Any]:
    """What `_thread.html` needs: the newest `count` messages, oldest first, and an empty composer."""
    shown = min(max(int(count), THREAD_LENGTH), MAX_THREAD_LENGTH) if count.isdecimal() else THREAD_LENGTH
    newest = list(found.messages.order_by("-number").select_related("vehicle")[: shown + 1])
    return {
        "vehicle": found,
        "thread": [_row(message) for message in reversed(newest[:shown])],
        "count": shown,
        "earlier": 2 * shown if len(newest) > shown and shown < MAX_THREAD_LENGTH else None,
        "may_write": may_write,
        "client_id": str(uuid.uuid4()),
        "replies": ", ".join(found.fleet.canned_answers) or str(DEFAULT_REPLIES),
        "canned": found.fleet.canned,
        "max_text": messages.MAX_TEXT,
    }


def _write(request: Request, pk: int) -> HttpResponse:
    found = vehicle_or_404(request.user, pk, Role.DISPATCHER)
    # Browsers send line breaks as CRLF, and count them as one character.
    text = request.POST.get("text", "").replace("\r\n", "\n").strip()
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in ("client_id", "replies")}
    refusal = ""
    try:
        messages.queue(
            found,
            author=request.user,
            author_name=request.user.get_full_name() or request.user.get_username(),
            text=text,
            replies=[word.strip() for word in re.split("[,，]", typed["replies"]) if word.strip()],
            client_id=typed["client_id"][:64] or None,
        )
    except messages.Refused as error:
        refusal = error.detail
    if not request.htmx:
        return redirect("vehicle", pk)
    context = thread_context(found, may_write=True, count=request.POST.get("count", ""))
    if refusal:
        context |= typed | {"text": text, "refusal": refusal}
    return render(request, "dashboard/_thread.html", context, status=422 if refusal else 200)


ICONS = {
    Message.Status.QUEUED: "○",
    Message.Status.SENT: "✓",
    Message.Status.DELIVERED: "✓✓",
    Message.Status.READ: "✓✓",
    Message.Status.FAILED: "✕",
    Message.Status.EXPIRED: "!",
    Message.Status.CANCELLED: "–",
}
WORDS = {
    Message.Status.QUEUED: gettext_lazy("queued"),
    Message.Status.SENT: gettext_lazy("sent"),
    Message.Status.DELIVERED: gettext_lazy("delivered"),
    Message.Status.READ: gettext_lazy("read"),
    Message.Status.FAILED: gettext_lazy("failed"),
    Message.Status.EXPIRED: gettext_lazy("expired"),
    Message.Status.CANCELLED: gettext_lazy("cancelled"),
}


def _row(message: Message) -> dict[str, Any]:
    """A message as the thread shows it: icon, word and the time of its newest state."""
    status = Message.Status(message.status)
    ours = message.kind == Message.Kind.MESSAGE
    moment = {
        Message.Status.SENT: message.sent,
        Message.Status.DELIVERED: message.delivered,
        Message.Status.READ: message.read,
        Message.Status.EXPIRED: message.expires,
    }.get(status)
    return {
        "message": message,
        "ours": ours,
        "status": status.label,
        "word": WORDS[status],
        "icon": ICONS[status],
        "at": moment if moment and ours else None,
        "again": str(uuid.uuid4())
        if ours and status in (Message.Status.FAILED, Message.Status.EXPIRED)
        else "",
    }
