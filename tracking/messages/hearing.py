"""What devices say: receipts, replies, and what their drivers say by themselves."""

from datetime import UTC, datetime
from typing import Any

from tracking import drivers, fixes, journal
from tracking.messages.wire import Change
from tracking.messages.writing import number_next
from tracking.models import Message, Vehicle

MAX_DETAIL = 200
Kind = Message.Kind
Status = Message.Status
# What a device may say of each kind, and the rung that it reaches. A command that failed was delivered.
LADDERS: dict[str, dict[str, Status]] = {
    Kind.MESSAGE: {"delivered": Status.DELIVERED, "read": Status.READ, "failed": Status.FAILED},
    Kind.COMMAND: {"delivered": Status.DELIVERED, "done": Status.DONE, "failed": Status.UNABLE},
}
ENDED = (Status.FAILED, Status.UNABLE, Status.DONE)


def heard(
    frame: fixes.Receipt | fixes.Reply | fixes.Say, *, vehicle: int, device: int, received: int
) -> journal.Receipt | journal.Said:
    """What a device said of or as a message, as it goes into the journal."""
    if isinstance(frame, fixes.Receipt):
        return journal.Receipt(
            vehicle, device, received, frame.id, frame.status[:16], (frame.detail or "")[:MAX_DETAIL]
        )
    if isinstance(frame, fixes.Reply):
        return journal.Said(
            vehicle, device, received, Kind.REPLY.value, frame.id, frame.text, frame.in_reply_to
        )
    return journal.Said(vehicle, device, received, Kind.SAY.value, frame.id, frame.text, None)


def store_receipt(receipt: journal.Receipt) -> Change | None:
    """Raise a message's status; return what changed, if anything. Inside a transaction."""
    rows = Message.objects.filter(pk=receipt.id, vehicle=receipt.vehicle)
    known = rows.values_list("kind", "delivered").first()
    status = known and LADDERS.get(known[0], {}).get(receipt.status)
    if known is None or status is None:
        return None
    moment = datetime.fromtimestamp(receipt.received / 1000, UTC)
    changes: dict[str, Any] = {"status": status}
    if status in (Status.FAILED, Status.UNABLE):
        changes["detail"] = receipt.detail
    if status >= Status.DELIVERED and known[1] is None:
        changes["delivered"] = moment
    if status == Status.READ:
        changes["read"] = moment
    if status in ENDED:
        changes["ended"] = moment
    return (receipt.id, status) if rows.filter(status__lt=status).update(**changes) else None


def store_said(said: journal.Said) -> list[Change]:
    """Keep a reply or a say once; return what changed by it. Inside a transaction.

    Who answers a message has read it, whatever became of the receipt.
    """
    pk = f"{said.device}:{said.id}"
    if Message.objects.filter(pk=pk).exists():
        return []
    vehicle = Vehicle.objects.get(pk=said.vehicle)
    moment = datetime.fromtimestamp(said.received / 1000, UTC)
    changes: list[Change] = []
    if said.in_reply_to:
        read = journal.Receipt(said.vehicle, said.device, said.received, said.in_reply_to, "read", "")
        changes += [change for change in [store_receipt(read)] if change]
    ((_, number),) = number_next([said.vehicle])
    Message.objects.create(
        id=pk,
        vehicle_id=said.vehicle,
        device_id=said.device,
        number=number,
        kind=said.kind,
        text=said.text,
        author_name=(drivers.at(vehicle.pk, moment) or vehicle).name,
        in_reply_to=said.in_reply_to,
        status=Status.DELIVERED,
        created=moment,
        delivered=moment,
    )
    return [*changes, (pk, Status.DELIVERED)]
