"""The last contacts of a device, in words that its integrator understands."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import translation

MOMENT = datetime(2025, 11, 23, 8, tzinfo=UTC)


def note(*notes: dict[str, Any], who: Any = "van-7") -> None:
    """Note these, and write them."""
    from tracking import contacts

    async def write() -> None:
        for one in notes:
            contacts.note(who, **{"door": "/i/", **one})
        await contacts.notebook().write()

    async_to_sync(write)()


def last(who: Any = "van-7") -> list[tuple[str, int]]:
    from tracking import contacts

    return [(contact.words, contact.count) for contact in contacts.last(who)]


@pytest.mark.parametrize(
    ("code", "params", "said"),
    [
        ("token_expired", {"expires": MOMENT.timestamp() - 3 * 86_400}, "token expired 3 days ago"),
        ("token_expired", {"expires": MOMENT.timestamp() - 5}, "token expired 5 seconds ago"),
        ("token_early", {"from": MOMENT.timestamp() + 7200}, "token is valid only in 2 hours"),
        ("other_fleet", {"fleet": "south", "said": "north"}, "fleet is south, token says north"),
        ("grace_ended", {}, "token rotated: grace ended"),
        ("disabled", {}, "disabled"),
        ("closed", {"close": 4409}, "superseded by a newer connection"),
        ("closed", {"stored": 1}, "left, 1 position stored"),
        ("connected", {}, "connected"),
        ("stored", {"stored": 12, "refused": 1, "detail": "latitude: Expected `float` <= 90.0"},
         "12 positions stored, 1 refused: latitude: Expected `float` <= 90.0"),
        ("stored", {"refused": 2, "detail": "time: 120 min ahead of the server's clock"},
         "2 refused: time 2 hours ahead: check its clock"),
        ("cloned", {"times": 3},
         "two devices use this credential: they took the connection from each other 3 times"),
    ],
)  # fmt: skip
def test_a_verdict_in_words(code: str, params: dict[str, Any], said: str) -> None:
    from tracking import contacts

    assert contacts.words(code, params, at=MOMENT) == said


def test_every_code_that_the_door_refuses_with_has_words() -> None:
    import ast
    from pathlib import Path

    from tracking import contacts

    root = Path(contacts.__file__).parent
    codes = {
        node.args[0].value
        for name in ("tokens.py", "ingest/admission.py")
        for node in ast.walk(ast.parse((root / name).read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "").lower() == "refused"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(codes) > 12
    assert codes <= contacts.WORDS.keys() | contacts.SENTENCES.keys()


def test_refusals_that_owners_meet_are_said_in_their_language() -> None:
    from tracking import contacts, fixes

    here = {"latitude": 52.5, "longitude": 13.4}
    wrong = ({"latitude": 0, "longitude": 0}, here | {"time": -1}, here | {"time": "2025-11-23T08:00:00"})
    batch = fixes.decode_items(wrong, clock=fixes.Clock(), received=fixes.now_ms())
    assert tuple(rejection.detail for rejection in batch.rejections) == tuple(contacts.REFUSALS)
    with translation.override("zh-hans"):
        for detail in contacts.REFUSALS:
            assert contacts.refusal(detail) != detail
        assert contacts.refusal("latitude: Expected `float`") == "latitude: Expected `float`"


def test_the_same_again_is_counted_and_its_positions_are_added_up() -> None:
    same = {"code": "stored", "client": "Overland", "stored": 10}
    note(same, same)
    note(same, {"code": "stored", "client": "GPSLogger", "stored": 1})
    note(same)
    assert last() == [("10 positions stored", 1), ("1 position stored", 1), ("30 positions stored", 3)]


def test_a_socket_is_one_contact_whatever_comes_between() -> None:
    note({"code": "connected", "key": "7"}, {"code": "connected", "key": "7", "again": True, "stored": 5})
    note({"code": "token_expired", "expires": 0})
    note({"code": "connected", "key": "7", "again": True, "stored": 2, "refused": 1, "detail": "latitude"})
    note({"code": "closed", "key": "7", "again": True, "close": 4409})
    words = [words for words, _ in last()]
    assert words[0] == "superseded by a newer connection, 7 positions stored, 1 refused: latitude"
    assert len(words) == 2


def test_the_last_50_are_kept() -> None:
    from tracking import contacts

    note(*({"code": "other_fleet", "client": str(n), "fleet": "a", "said": "b"} for n in range(80)))
    assert len(last()) == contacts.KEPT


def test_a_flood_is_bounded(monkeypatch: Any) -> None:
    from tracking import contacts

    monkeypatch.setattr(contacts, "MAX_WAITING", 3)
    note(*({"code": "disabled", "client": str(n)} for n in range(10)))
    assert len(last()) == 3


def test_what_was_noted_by_uid_is_shown_with_the_device(van: SimpleNamespace) -> None:
    note({"code": "unknown_device"})
    time.sleep(0.002)
    note({"code": "connected", "key": "1"}, who=van.device.pk)
    for who in (van.device, van.device.pk):
        assert [words for words, _ in last(who)] == ["connected", "unknown device"]


def test_a_contact_is_worded_when_it_is_read(van: SimpleNamespace) -> None:
    from tracking import contacts

    note({"code": "disabled", "client": "10.0.0.7 okhttp/4"})
    with translation.override("zh-hans"):
        (contact,) = contacts.last("van-7")
    assert (contact.client, contact.code, contact.good) == ("10.0.0.7 okhttp/4", "disabled", False)
    assert abs(contact.time.timestamp() - time.time()) < 60


def test_without_redis_nothing_fails(settings: Any, caplog: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    note({"code": "disabled"})
    assert "not noted" in caplog.text


@pytest.mark.django_db
def test_contacts_of_many_devices_are_those_of_each(van) -> None:
    from tracking import contacts

    note({"code": "connected", "door": "socket"}, {"code": "stored", "stored": 2}, who=van.device.pk)
    note({"code": "token_expired", "expires": 1.0}, who=van.device.uid)
    together = contacts.last_of([van.device, van.phone])
    assert together == {device.pk: contacts.last(device) for device in (van.device, van.phone)}
    assert len(together[van.device.pk]) == 3
    assert together[van.phone.pk] == []
    assert contacts.last_of([]) == {}
