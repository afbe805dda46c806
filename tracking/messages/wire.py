"""Messages as the dashboards get them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from tracking import fixes, live
from tracking.models import Broadcast, Message

Change = tuple[str, int]  # a message's id and the status that it reached
Event = tuple[str, dict[str, Any]]
# Of a broadcast: changes in one frame, which stays below 256 KiB.
MAX_CHANGES = 1000
Status = Message.Status


def serialize(message: Message) -> dict[str, Any]:
    """The `message`, `command`, `reply` or `say` frame of the browser socket."""
    frame = {
        "type": message.kind,
        "id": message.pk.rpartition(":")[2],  # a device's own id of what it said, without the device
        "vehicle": message.vehicle_id,
        "number": message.number,
        "status": Status(message.status).label,
        "from": message.author_name,
        "created": iso(message.created),
        "sent": iso(message.sent),
        "delivered": iso(message.delivered),
        "read": iso(message.read),
        "ended": iso(message.ended),
        "expires": iso(message.expires),
        "attempts": message.attempts,
        "detail": message.detail,
        "client_id": message.client_id,
        "resends": message.resends,
    }
    if message.kind == Message.Kind.COMMAND:
        return {**frame, "name": message.text, "args": message.args}
    return {
        **frame,
        "text": message.text,
        "replies": message.replies,
        "in_reply_to": message.in_reply_to,
        "broadcast": message.broadcast_id,
        "opened": iso(message.opened),
        "opened_by": message.opened_by_name or None,
    }


def announce(changes: Iterable[Change]) -> None:
    """Show each change to everybody who watches the message's fleet: a rung of the ladder at a time."""
    changes = list(changes)
    if not changes:
        return
    rows = Message.objects.select_related("vehicle").in_bulk({pk for pk, _ in changes})
    known = [(rows[pk], status) for pk, status in changes if pk in rows]
    single = [(message, status) for message, status in known if message.broadcast_id is None]
    live.announce(
        [
            *(
                live.frame(message.vehicle.fleet_id, {**serialize(message), "status": Status(status).label})
                for message, status in single
            ),
            *of_broadcasts((message, status) for message, status in known if message.broadcast_id),
        ]
    )


def of_broadcasts(changes: Iterable[tuple[Message, int]]) -> Iterator[Event]:
    """Events for changes of messages that belong to broadcasts: a frame a fleet and broadcast, not one each.

    A thousand drivers read within the same seconds; a page takes 256 frames.
    """
    frames: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for message, status in changes:
        key = (message.vehicle.fleet_id, message.broadcast_id or "")
        change = {"id": message.pk, "vehicle": message.vehicle_id, "status": Status(status).label}
        frames.setdefault(key, []).append(change)
    texts = Broadcast.objects.in_bulk({broadcast for _, broadcast in frames})
    for (fleet, broadcast), mine in frames.items():
        about = texts.get(broadcast)
        head = {
            "type": "broadcast",
            "id": broadcast,
            "text": about.text if about else "",
            "from": about.author_name if about else "",
            "created": iso(about.created) if about else None,
        }
        for start in range(0, len(mine), MAX_CHANGES):
            yield live.frame(fleet, {**head, "changes": mine[start : start + MAX_CHANGES]})


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else fixes.iso(int(moment.timestamp() * 1000))
