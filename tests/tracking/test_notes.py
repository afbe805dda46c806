"""What the next shift should know of a vehicle."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User

from tracking import notes
from tracking.messages import Refused


def test_a_note_is_replaced_and_taken_away(van: SimpleNamespace) -> None:
    dana, mia = (User.objects.create_user(name) for name in ("dana", "mia"))
    assert notes.get(van.vehicle) is None
    notes.put(van.vehicle, " Spare key at the depot ", by=dana)
    notes.put(van.vehicle, "Brakes squeal", by=mia)
    note = notes.get(van.vehicle)
    assert note is not None
    assert (note.text, note.by_name) == ("Brakes squeal", "mia")
    assert notes.put(van.vehicle, " ", by=dana) is None
    assert notes.get(van.vehicle) is None


@pytest.mark.parametrize("text", ["a" * 2001, "a\0"])
def test_a_note_that_cannot_be_kept_is_refused(van: SimpleNamespace, text: str) -> None:
    with pytest.raises(Refused, match="at most 2000"):
        notes.put(van.vehicle, text, by=User.objects.create_user("dana"))
