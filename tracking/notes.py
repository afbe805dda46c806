"""What the next shift should know of a vehicle: one text each."""

from typing import TYPE_CHECKING

from django.utils.timezone import now
from django.utils.translation import gettext as _

from tracking import live
from tracking.messages import Refused, name_of
from tracking.messages.wire import iso
from tracking.models import Note, Vehicle

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_NOTE = 2000


def get(vehicle: Vehicle) -> Note | None:
    """The vehicle's note; None when there is nothing to know."""
    return Note.objects.filter(vehicle=vehicle.pk).first()


def put(vehicle: Vehicle, text: str, *, by: "User") -> Note | None:
    """Replace the vehicle's note and show it to its fleet; an empty text takes it away."""
    text = text.strip()
    if len(text) > MAX_NOTE or "\0" in text:
        most = {"n": len(text), "most": MAX_NOTE}
        raise Refused("note_too_long", _("%(n)d characters; at most %(most)d.") % most)
    moment, name = now(), name_of(by)
    note = None
    if text:
        values = {"text": text, "by_name": name, "at": moment}
        note, _made = Note.objects.update_or_create(vehicle=vehicle, defaults=values)
    else:
        Note.objects.filter(vehicle=vehicle.pk).delete()
    frame = {"type": "note", "vehicle": vehicle.pk, "text": text, "by": name, "at": iso(moment)}
    live.announce([live.frame(vehicle.fleet_id, frame)])
    return note
