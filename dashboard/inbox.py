"""The list of conversations: which there are, what was found in them, and who waits to be heard."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard import conversation, recipients
from dashboard.access import Request
from tracking import broadcasts as ledger
from tracking import messages
from tracking.models import Fleet, Message, Vehicle

FOUND = 30  # vehicles without a conversation, and texts, that a search shows at most
AROUND = 25  # messages before one that was found
BROADCASTS = 8


def unread(user: User) -> dict[int, int]:
    """What drivers said and nobody of their fleet has opened: {vehicle id: how many}."""
    return messages.unread(Fleet.objects.visible_to(user))


def threads_context(request: Request) -> dict[str, Any]:
    """What `_threads.html` needs: `show`=unread, `q` words in texts, names and drivers, `v` is open."""
    fleets = Fleet.objects.visible_to(request.user)
    query = request.GET.get("q", "").replace("\0", "").strip()[:100]
    only_unread = request.GET.get("show") == "unread"
    chosen = request.GET.get("v", "")
    found = messages.threads(fleets, unread_only=only_unread, search=query)
    return {
        "threads": [_row(thread) for thread in found],
        # Where nobody has written yet there is somebody to begin with.
        "strangers": _strangers(fleets, query, {thread.vehicle.pk for thread in found})
        if query or not (found or only_unread)
        else [],
        "said": [_found(message) for message in _said(fleets, query)] if query else [],
        "unread_vehicles": len(messages.unread(fleets)),
        "show": "unread" if only_unread else "",
        "query": query,
        "open": int(chosen[:18]) if chosen.isdecimal() else None,
        "address": _address(request.GET),
    }


def _address(query: QueryDict) -> str:
    asked = query.copy()
    for name in set(asked) - {"show", "q", "v"}:
        del asked[name]
    return asked.urlencode()


def _row(thread: messages.Thread) -> dict[str, Any]:
    return {
        **conversation.state_of(thread.last),
        "vehicle": thread.vehicle,
        "unread": thread.unread,
        "at_last": thread.at,
        "text": conversation.command_words(thread.last)
        if thread.last.kind == Message.Kind.COMMAND
        else thread.last.text,
    }


def _strangers(fleets: QuerySet[Fleet], words: str, known: set[int]) -> list[Vehicle]:
    """Vehicles that the words name and nobody has written to yet."""
    named = Q(name__icontains=words) | Q(plate__icontains=words) | Q(driver__name__icontains=words)
    rows = Vehicle.objects.filter(named, fleet__in=fleets).exclude(pk__in=known)
    return list(rows.select_related("fleet", "driver")[:FOUND])


def _said(fleets: QuerySet[Fleet], words: str) -> list[Message]:
    """Messages whose text has the words; those that only their vehicle's name finds are left out."""
    plain = words.casefold()
    return [m for m in messages.search(fleets, words) if plain in m.text.casefold()][:FOUND]


def _found(message: Message) -> dict[str, Any]:
    newer = message.vehicle.last_message - message.number
    return {"message": message, "vehicle": message.vehicle, "count": newer + AROUND}


def broadcasts(user: User) -> list[dict[str, Any]]:
    """The newest broadcasts to vehicles that the reader sees, each with how far it came with them."""
    newest = ledger.recent(Fleet.objects.visible_to(user), most=BROADCASTS)
    return [
        {"broadcast": one, "counts": counts, "target": recipients.target_words(one.target, counts.total)}
        for one, counts in newest
    ]
