"""The ledger: what is written once, in order, goes only up, and comes back in words."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils.timezone import now

from tracking import fixes, journal, live, messages
from tracking.models import Message, Vehicle

Status = Message.Status
DAY = timedelta(days=1)


@pytest.fixture
def desk(van: SimpleNamespace) -> SimpleNamespace:
    van.dana = User.objects.create_user("dana", first_name="Dana")
    van.mia = User.objects.create_user("mia", first_name="Mia")
    return van


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The frames that go to the fleet's pages, as they go."""
    frames: list[dict[str, Any]] = []
    send = live.send

    async def heard(events: Any) -> None:
        events = list(events)
        frames.extend(event["frame"] for _, event in events if event["kind"] == "frame")
        await send(events)

    monkeypatch.setattr(live, "send", heard)
    return frames


def write(desk: SimpleNamespace, text: str = "Call", **more: Any) -> Message:
    return messages.queue(desk.vehicle, author=desk.dana, text=text, **more)


def status(message: Message) -> str:
    return Status(Message.objects.get(pk=message.pk).status).label


def receipt(
    desk: SimpleNamespace, pk: str, said: str, *, at: int = 1_763_884_800_000, detail: str = ""
) -> Any:
    return messages.store_receipt(journal.Receipt(desk.vehicle.pk, desk.device.pk, at, pk, said, detail))


def reply(desk: SimpleNamespace, pk: str, text: str = "OK", to: str | None = None) -> Any:
    frame = fixes.Reply(id=pk, text=text, in_reply_to=to)
    received = fixes.now_ms()
    said = messages.heard(frame, vehicle=desk.vehicle.pk, device=desk.device.pk, received=received)
    assert isinstance(said, journal.Said)
    return messages.store_said(said)


def put(message: Message, status: Status) -> None:
    Message.objects.filter(pk=message.pk).update(status=status)


# --- written once -------------------------------------------------------------------------------


def test_the_same_client_id_is_one_message(desk: SimpleNamespace) -> None:
    first, again = write(desk, client_id="c1"), write(desk, "Call again", client_id="c1")
    assert (again.pk, again.text) == (first.pk, "Call")
    assert messages.queue(desk.vehicle, author=desk.mia, text="Hi", client_id="c1").pk != first.pk
    other = Vehicle.objects.create(fleet=desk.fleet, name="Van 8")
    with pytest.raises(messages.Refused) as refused:
        messages.queue(other, author=desk.dana, text="Call", client_id="c1")
    assert refused.value.code == "client_id_taken"


def test_whoever_asks_twice_is_answered_twice(desk: SimpleNamespace, shown: list[dict[str, Any]]) -> None:
    write(desk, client_id="c1")
    write(desk, client_id="c1")
    assert [(frame["client_id"], frame["status"]) for frame in shown] == [("c1", "queued")] * 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"text": " \n"}, "empty_message"),
        ({"text": "a\0"}, "empty_message"),
        ({"text": "a" * 2001}, "message_too_long"),
        ({"replies": ["x"] * 7}, "too_many_replies"),
        ({"replies": ["x" * 41]}, "too_many_replies"),
        ({"expires": timedelta(0)}, "invalid_expiry"),
        ({"expires": timedelta(days=31)}, "invalid_expiry"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_code(
    desk: SimpleNamespace, content: dict[str, Any], code: str
) -> None:
    with pytest.raises(messages.Refused) as refused:
        write(desk, **content)
    assert refused.value.code == code
    assert not Message.objects.exists()


def test_a_vehicle_has_only_so_much_waiting(desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.messages.writing.MAX_WAITING", 2)
    first = write(desk)
    write(desk)
    with pytest.raises(messages.Refused, match="2 messages wait"):
        write(desk)
    put(first, Status.DELIVERED)
    write(desk)


def together(*works: Callable[[], Any]) -> None:
    """Do all of it at once, each on a connection of its own."""
    failures: list[BaseException] = []
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        begin.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (the test's own thread raises it)
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_has_a_number_and_a_double_click_is_one(
    transactional_db: None, desk: SimpleNamespace
) -> None:
    expired = write(desk, "old")
    put(expired, Status.EXPIRED)
    works: list[Callable[[], Any]] = [partial(write, desk, client_id=f"c{n % 4}") for n in range(8)]
    works += [partial(messages.resend, expired.pk, by=desk.dana)] * 2
    together(*works)
    numbers = list(Message.objects.order_by("number").values_list("number", flat=True))
    assert len(numbers) == 6
    assert numbers == sorted(set(numbers))


# --- the ladder ---------------------------------------------------------------------------------


def test_a_message_climbs_and_never_falls(desk: SimpleNamespace) -> None:
    message = write(desk)
    assert status(message) == "queued"
    messages.sent([message.pk])
    assert receipt(desk, message.pk, "read") == (message.pk, Status.READ)
    for said in ("delivered", "failed", "done", "nonsense"):
        assert receipt(desk, message.pk, said) is None
    messages.sent([message.pk])
    assert not messages.cancel(message.pk, by=desk.dana)
    row = Message.objects.get(pk=message.pk)
    assert (row.status, row.attempts) == (Status.READ, 2)
    assert row.sent is not None
    assert row.delivered == row.read is not None


def test_another_vehicles_device_changes_nothing(desk: SimpleNamespace) -> None:
    message = write(desk)
    other = Vehicle.objects.create(fleet=desk.fleet, name="Van 8")
    strange = journal.Receipt(other.pk, 99, 0, message.pk, "read", "")
    assert messages.store_receipt(strange) is None
    assert status(message) == "queued"


def test_what_expired_or_was_cancelled_and_arrives_after_all_is_delivered(desk: SimpleNamespace) -> None:
    for ended in (Status.FAILED, Status.EXPIRED, Status.CANCELLED):
        message = write(desk)
        put(message, ended)
        assert receipt(desk, message.pk, "delivered") == (message.pk, Status.DELIVERED)


def test_cancelled_until_it_is_delivered_and_by_whom(
    desk: SimpleNamespace, shown: list[dict[str, Any]]
) -> None:
    queued, sent, delivered = write(desk), write(desk), write(desk)
    messages.sent([sent.pk])
    receipt(desk, delivered.pk, "delivered")
    assert [messages.cancel(m.pk, by=desk.mia) for m in (queued, sent, delivered)] == [True, True, False]
    assert not messages.cancel(queued.pk, by=desk.mia)
    assert not messages.waiting_for([(desk.vehicle.pk, 0)])[0]
    assert (shown[-1]["status"], shown[-1]["detail"]) == ("cancelled", "Mia")


def test_what_is_late_expires_and_the_default_is_a_day(desk: SimpleNamespace, settings: Any) -> None:
    soon, later = write(desk, expires=timedelta(minutes=10)), write(desk)
    Message.objects.update(created=now())
    assert later.expires is not None
    assert DAY - timedelta(minutes=1) < later.expires - now() <= DAY
    settings.MESSAGE_EXPIRES_H = 2
    quick = write(desk)
    assert quick.expires is not None
    assert quick.expires < now() + timedelta(hours=2)
    Message.objects.filter(pk=soon.pk).update(expires=now())
    # Not sent any more, whether or not somebody has noted it yet.
    assert [m.pk for m in messages.waiting_for([(desk.vehicle.pk, 0)])[0]] == [later.pk, quick.pk]
    assert (messages.expire(), messages.expire()) == (1, 0)
    row = Message.objects.get(pk=soon.pk)
    assert row.status == Status.EXPIRED
    assert row.ended is not None


def test_said_again_once_and_naming_the_old_one(desk: SimpleNamespace, shown: list[dict[str, Any]]) -> None:
    old = write(desk, "Take exit 12", replies=["OK"])
    with pytest.raises(messages.Refused) as refused:
        messages.resend(old.pk, by=desk.mia)
    assert refused.value.code == "not_resendable"
    put(old, Status.EXPIRED)
    again = messages.resend(old.pk, by=desk.mia)
    assert messages.resend(old.pk, by=desk.dana).pk == again.pk
    assert (again.text, again.replies, again.author_name) == ("Take exit 12", ["OK"], "Mia")
    assert (again.resends, again.number, status(old)) == (old.pk, 2, "expired")
    assert shown[-1]["resends"] == old.pk
    put(again, Status.FAILED)
    assert messages.resend(again.pk, by=desk.mia).resends == again.pk


def test_a_command_has_a_ladder_of_its_own(desk: SimpleNamespace) -> None:
    done, failed = (
        messages.command(desk.vehicle, "interval", {"seconds": 10}, author=desk.dana) for _ in range(2)
    )
    for command in (done, failed):
        receipt(desk, command.pk, "delivered")
        assert receipt(desk, command.pk, "read") is None
    receipt(desk, done.pk, "done")
    receipt(desk, failed.pk, "failed", detail="no GPS")
    assert (status(done), status(failed)) == ("done", "failed")
    assert Message.objects.get(pk=failed.pk).detail == "no GPS"
    assert receipt(desk, failed.pk, "delivered") is None
    again = messages.resend(failed.pk, by=desk.dana)
    assert (again.kind, again.text, again.args) == ("command", "interval", {"seconds": 10})


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("explode", {}),
        ("locate", {"seconds": 1}),
        ("interval", {}),
        ("interval", {"seconds": 0}),
        ("interval", {"seconds": True}),
        ("interval", {"seconds": "10"}),
        ("interval", {"seconds": 10, "more": 1}),
    ],
)
def test_what_is_no_command_is_refused(desk: SimpleNamespace, name: str, args: dict[str, Any]) -> None:
    with pytest.raises(messages.Refused) as refused:
        messages.command(desk.vehicle, name, args, author=desk.dana)
    assert refused.value.code == "unknown_command"


def test_delivered_and_not_read_for_five_minutes_is_late(desk: SimpleNamespace) -> None:
    message = write(desk)
    receipt(desk, message.pk, "delivered", at=fixes.now_ms() - 299_000)
    assert not Message.objects.get(pk=message.pk).late
    Message.objects.update(delivered=now() - timedelta(minutes=5))
    assert Message.objects.get(pk=message.pk).late
    receipt(desk, message.pk, "read")
    assert not Message.objects.get(pk=message.pk).late


def test_who_answers_has_read(desk: SimpleNamespace) -> None:
    message = write(desk)
    assert reply(desk, "r1", to=message.pk) == [
        (message.pk, Status.READ),
        (f"{desk.device.pk}:r1", Status.DELIVERED),
    ]
    assert reply(desk, "r1", to=message.pk) == []
    assert reply(desk, "r2", to="never-was") == [(f"{desk.device.pk}:r2", Status.DELIVERED)]
    assert status(message) == "read"
    assert [m.author_name for m in Message.objects.filter(kind="reply")] == ["Jan", "Jan"]


# --- the desk -----------------------------------------------------------------------------------


def test_a_reply_is_unread_for_the_fleet_until_a_dispatcher_opens_it(
    desk: SimpleNamespace, shown: list[dict[str, Any]]
) -> None:
    quiet = Vehicle.objects.create(fleet=desk.fleet, name="Van 8")
    write(desk)
    for number in (1, 2):
        reply(desk, f"r{number}")
    assert messages.unread([desk.fleet.pk]) == {desk.vehicle.pk: 2}
    assert messages.open_replies(desk.vehicle, by=desk.mia) == 2
    assert messages.open_replies(desk.vehicle, by=desk.dana) == 0
    assert messages.open_replies(quiet, by=desk.dana) == 0
    assert messages.unread([desk.fleet.pk]) == {}
    opened = Message.objects.filter(kind="reply").values_list("opened_by_name", flat=True)
    assert list(opened) == ["Mia", "Mia"]
    frames = [frame for frame in shown if frame["type"] == "opened"]
    assert [(f["vehicle"], f["by"], f["unread"]) for f in frames] == [(desk.vehicle.pk, "Mia", 0)]


def test_threads_newest_first(desk: SimpleNamespace) -> None:
    eight, nine = (Vehicle.objects.create(fleet=desk.fleet, name=f"Van {n}") for n in (8, 9))
    write(desk)
    messages.queue(eight, author=desk.dana, text="To eight")
    reply(desk, "r1", "Half an hour")
    found = messages.threads([desk.fleet.pk])
    assert [(t.vehicle.pk, t.last.text, t.unread) for t in found] == [
        (desk.vehicle.pk, "Half an hour", 1),
        (eight.pk, "To eight", 0),
    ]
    assert [t.vehicle.pk for t in messages.threads([desk.fleet.pk], unread_only=True)] == [desk.vehicle.pk]
    assert [t.vehicle.pk for t in messages.threads([desk.fleet.pk], search="jan")] == [desk.vehicle.pk]
    assert [t.vehicle.pk for t in messages.threads([desk.fleet.pk], search="VAN 8")] == [eight.pk]
    assert messages.threads([desk.fleet.pk + 1]) == []
    assert nine.pk not in {t.vehicle.pk for t in found}


def test_search_finds_texts_authors_vehicles_and_drivers(desk: SimpleNamespace) -> None:
    write(desk, "Take exit 12, road closed")
    messages.command(desk.vehicle, "locate", {}, author=desk.dana)
    reply(desk, "r1", "Half an hour, 100% sure")
    eight = Vehicle.objects.create(fleet=desk.fleet, name="Truck 8", plate="B-XY 12")
    messages.queue(eight, author=desk.mia, text="Snow, 大雪")

    def found(words: str) -> list[str]:
        return [message.text[:4] for message in messages.search([desk.fleet.pk], words)]

    assert found("EXIT 12") == ["Take"]
    assert found("100%") == ["Half"]
    assert found("%") == ["Half"]
    assert found("雪") == ["Snow"]
    assert found("mia") == ["Snow"]
    assert found("b-xy") == ["Snow"]
    assert found("jan") == ["Half", "Take"]
    assert found("locate") == []
    assert found("  ") == []
    assert messages.search([desk.fleet.pk + 1], "exit") == []
