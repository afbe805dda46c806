"""What a page asks for on its socket, besides watching: to write, take back, say again, open, command.

Each is a function of the user and the frame, run off the event loop. It returns the fleet that it is about
and the frame that answers it, or raises Refused. Who may is decided as everywhere, by dashboard/access.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from dashboard import access, limits
from tracking import live, messages
from tracking.messages import Refused
from tracking.models import Fleet, Message, Role, Vehicle

Frame = dict[str, Any]
Answer = tuple[int, Frame | None]
MAX_CLIENT_ID = 64
MAX_SECONDS = 366 * 86_400


def run(kind: str, user: User, frame: Frame) -> Answer:
    """Do it as the user is now. An answer that the fleet's pages get anyway comes with their event."""
    if kind != "writing" and limits.wait(limits.WRITE, user.pk):
        raise Refused("too_many_requests", "less often, please")
    fresh = access.fresh(user)
    if not isinstance(fresh, User):
        raise Refused("forbidden", "signed out")
    return ACTIONS[kind](fresh, frame)


def _message(user: User, frame: Frame) -> Answer:
    text, replies = frame.get("text"), frame.get("replies") or []
    if not isinstance(text, str) or not isinstance(replies, list) or not _are_texts(replies):
        raise Refused("invalid_frame", "text: a string; replies: strings")
    found = _vehicle(user, frame.get("vehicle"))
    written = messages.queue(
        found, author=user, text=text, replies=replies, client_id=_client_id(frame), expires=_expires(frame)
    )
    return found.fleet_id, messages.serialize(written)


def _command(user: User, frame: Frame) -> Answer:
    name, args = frame.get("name"), frame.get("args") or {}
    if not isinstance(name, str) or not isinstance(args, dict):
        raise Refused("invalid_frame", "name: a string; args: an object")
    found = _vehicle(user, frame.get("vehicle"))
    written = messages.command(
        found, name, args, author=user, client_id=_client_id(frame), expires=_expires(frame)
    )
    return found.fleet_id, messages.serialize(written)


def _cancel(user: User, frame: Frame) -> Answer:
    found = _written(user, frame.get("id"))
    if not messages.cancel(found.pk, by=user):
        raise Refused("too_late", "it was delivered, or has ended, before")
    found.refresh_from_db()
    return found.vehicle.fleet_id, messages.serialize(found)


def _resend(user: User, frame: Frame) -> Answer:
    found = _written(user, frame.get("id"))
    return found.vehicle.fleet_id, messages.serialize(messages.resend(found.pk, by=user))


def _opened(user: User, frame: Frame) -> Answer:
    found = _vehicle(user, frame.get("vehicle"))
    messages.open_replies(found, by=user)
    return found.fleet_id, None


def _writing(user: User, frame: Frame) -> Answer:
    """Tell the others of the fleet; nothing is kept."""
    found = _vehicle(user, frame.get("vehicle"))
    said = {"type": "writing", "vehicle": found.pk, "by": messages.name_of(user)}
    name, event = live.frame(found.fleet_id, said)
    live.announce([(name, {**event, "from": user.pk})])
    return found.fleet_id, None


ACTIONS: dict[str, Callable[[User, Frame], Answer]] = {
    "message": _message,
    "command": _command,
    "cancel": _cancel,
    "resend": _resend,
    "opened": _opened,
    "writing": _writing,
}


# --- of whom, and what ------------------------------------------------------------------------


def _vehicle(user: User, pk: object) -> Vehicle:
    """The vehicle, for a dispatcher of its fleet; what the user does not see does not exist."""
    found = None
    if type(pk) is int and 0 < pk < 2**63:
        found = Vehicle.objects.visible_to(user).select_related("fleet").filter(pk=pk).first()
    if found is None:
        raise Refused("unknown_vehicle", "no such vehicle")
    _require(user, found.fleet)
    return found


def _written(user: User, pk: object) -> Message:
    """A message or command that somebody wrote, the same way."""
    found = None
    if isinstance(pk, str) and 0 < len(pk) <= 26 and pk.isalnum():
        ours: QuerySet[Message] = Message.objects.filter(kind__in=["message", "command"])
        visible = ours.filter(vehicle__in=Vehicle.objects.visible_to(user))
        found = visible.select_related("vehicle__fleet").filter(pk=pk).first()
    if found is None:
        raise Refused("unknown_message", "no such message")
    _require(user, found.vehicle.fleet)
    return found


def _require(user: User, fleet: Fleet) -> None:
    if not access.may(user, fleet, Role.DISPATCHER):
        raise Refused("forbidden", "this needs the role dispatcher")


def _client_id(frame: Frame) -> str | None:
    client_id = frame.get("client_id")
    if client_id is None or (isinstance(client_id, str) and len(client_id) <= MAX_CLIENT_ID):
        return client_id
    raise Refused("invalid_frame", f"client_id: at most {MAX_CLIENT_ID} characters")


def _expires(frame: Frame) -> timedelta | None:
    seconds = frame.get("expires_in")
    if seconds is None:
        return None
    if type(seconds) is int and 0 < seconds <= MAX_SECONDS:
        return timedelta(seconds=seconds)
    raise Refused("invalid_frame", "expires_in: seconds, a whole number")


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
