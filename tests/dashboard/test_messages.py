"""The page of conversations: which there are, what a search finds; states, notes, commands."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.dashboard.conftest import HTMX
from tracking import messages, notes
from tracking.models import Message, Note

MARKUP = "<script>alert(1)</script>"
JSON = {"Accept": "application/json", "HX-Request": "true"}


def say(house, text: str = "ok", **fields) -> Message:
    """What the van's driver said."""
    vehicle = fields.pop("vehicle", house.van)
    vehicle.refresh_from_db()
    vehicle.last_message += 1
    vehicle.save()
    fields = {"kind": "reply", "status": Message.Status.DELIVERED, "author_name": "Jan", **fields}
    device = vehicle.devices.first() or vehicle.devices.create(uid=f"device-{vehicle.pk}")
    pk = f"{device.pk}:{vehicle.last_message}"
    fields |= {"id": pk, "number": vehicle.last_message, "created": timezone.now(), "device": device}
    return Message.objects.create(vehicle=vehicle, text=text, **fields)


def ours(house, **fields) -> Message:
    message = messages.queue(house.van, author=house.bob, text="Call the depot")
    Message.objects.filter(pk=message.pk).update(**fields)
    return message


def page(client, query: str = "") -> str:
    return client.get(f"/messages/{query}").content.decode()


def fragment(client, path: str) -> str:
    return client.get(path, headers=HTMX).content.decode()


def thread(client, house) -> str:
    return fragment(client, f"/vehicles/{house.van.pk}/messages/")


def test_the_newest_conversation_is_on_top_and_unread_ones_are_counted(house, sign_in) -> None:
    second = house.north.vehicles.create(name="Van 8")
    say(house, "at the gate")
    say(house, "on my way", vehicle=second)
    shown = page(sign_in("bob"))
    assert shown.index("on my way") < shown.index("at the gate")
    assert "Unread <b>2</b>" in shown
    assert shown.count("unread: </span>1</span>") == 2
    assert fragment(sign_in("bob"), "/messages/unread/").startswith("2 <span")
    messages.open_replies(house.van, by=house.bob)
    unread = fragment(sign_in("bob"), "/messages/threads/?show=unread")
    assert "on my way" in unread
    assert "at the gate" not in unread


def test_nothing_unread_says_so_with_a_way_out(house, sign_in) -> None:
    shown = fragment(sign_in("bob"), "/messages/threads/?show=unread")
    assert "Every reply has been opened." in shown
    assert "Show all" in shown
    assert sign_in("bob").get("/messages/unread/", headers=HTMX).content == b""


@pytest.mark.parametrize("words", ["depot", "VAN 7", "vries", "jan"])
def test_a_search_finds_texts_vehicles_and_drivers(house, sign_in, words) -> None:
    ours(house)
    assert "Call the depot" in fragment(sign_in("bob"), f"/messages/threads/?q={words}")


def test_a_search_finds_vehicles_that_nobody_has_written_to(house, sign_in) -> None:
    shown = page(sign_in("bob"), "?q=van")
    assert "Vehicles without messages" in shown
    assert f'data-open-thread="{house.van.pk}"' in shown


def test_a_text_that_was_found_leads_to_its_place_in_the_thread(house, sign_in) -> None:
    old = ours(house)
    for number in range(80):
        say(house, f"later {number}")
    shown = fragment(sign_in("bob"), "/messages/threads/?q=depot")
    assert f'data-at="message-{old.pk}"' in shown
    count = shown.split('data-count="')[1].split('"')[0]
    assert "Call the depot" in fragment(sign_in("bob"), f"/messages/?v={house.van.pk}&count={count}")


def test_an_outsider_sees_and_finds_nothing(house, sign_in) -> None:
    say(house, "northern secret")
    mallory = sign_in("mallory")
    for path in ("/messages/", "/messages/?q=secret", "/messages/?q=Van", "/messages/?show=unread"):
        shown = mallory.get(path).content
        assert b"northern secret" not in shown
        assert b"Van 7" not in shown
    assert mallory.get(f"/messages/?v={house.van.pk}").status_code == 404
    assert mallory.get("/messages/unread/", headers=HTMX).content == b""


def test_a_viewer_is_told_why_they_cannot_write(house, sign_in) -> None:
    ours(house)
    shown = page(sign_in("vera"), f"?v={house.van.pk}")
    assert "Call the depot" in shown
    assert "you need the role dispatcher" in shown
    for control in ("<textarea", "Cancel</button>", "data-may-write", "/messages/broadcast/"):
        assert control not in shown


@pytest.mark.parametrize("field", ["text", "author_name", "detail"])
def test_markup_is_only_text_on_every_part(house, sign_in, field) -> None:
    ours(house, status=Message.Status.FAILED, **{field: MARKUP})
    notes.put(house.van, MARKUP, by=house.bob)
    house.van.name = MARKUP
    house.van.save(update_fields=["name"])
    for query in ("", f"?v={house.van.pk}", "?q=script"):
        shown = page(sign_in("bob"), query)
        assert MARKUP not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_what_the_page_sends_is_answered_in_json(house, sign_in) -> None:
    url, bob = f"/vehicles/{house.van.pk}/messages/", sign_in("bob")
    form = {"text": "hi", "client_id": "c-1", "replies": "", "hours": "8"}
    first, second = (bob.post(url, form, headers=JSON).json() for _ in range(2))
    message = Message.objects.get()
    assert first == second == {"id": message.pk}
    assert message.expires is not None
    assert message.expires - message.created == pytest.approx(timedelta(hours=8), abs=timedelta(seconds=5))
    refused = bob.post(url, {**form, "text": "x" * 2001, "client_id": "c-2"}, headers=JSON)
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "message_too_long"


def test_late_is_said_in_words_and_before_that_when_to_look_again(house, sign_in) -> None:
    message = ours(house, status=Message.Status.DELIVERED, delivered=timezone.now())
    shown = thread(sign_in("bob"), house)
    assert "data-late-at=" in shown
    assert "not read yet" not in shown
    Message.objects.filter(pk=message.pk).update(delivered=timezone.now() - timedelta(minutes=6))
    shown = thread(sign_in("bob"), house)
    assert "not read yet" in shown
    assert "data-late-at=" not in shown


def test_a_message_is_cancelled_while_it_is_not_delivered(house, sign_in) -> None:
    message, bob = ours(house), sign_in("bob")
    url = f"/vehicles/{house.van.pk}/messages/{message.pk}/cancel/"
    shown = bob.post(url, headers=HTMX).content.decode()
    assert "receipt-cancelled" in shown
    assert "bob" in shown
    delivered = ours(house, status=Message.Status.DELIVERED)
    shown = bob.post(f"/vehicles/{house.van.pk}/messages/{delivered.pk}/cancel/", headers=HTMX)
    assert f"cancel-{delivered.pk}" not in shown.content.decode()
    delivered.refresh_from_db()
    assert delivered.status == Message.Status.DELIVERED


def test_a_message_is_sent_again_once_however_often_it_is_asked_for(house, sign_in) -> None:
    message, bob = ours(house, status=Message.Status.EXPIRED), sign_in("bob")
    url = f"/vehicles/{house.van.pk}/messages/{message.pk}/resend/"
    for _ in range(2):
        shown = bob.post(url, headers=HTMX).content.decode()
    assert Message.objects.get(resends=message.pk).text == "Call the depot"
    assert "sent again" in shown
    assert f"resend-{message.pk}" not in shown


def test_a_message_of_another_vehicle_is_not_reached_through_this_one(house, sign_in) -> None:
    southern = messages.queue(house.truck, author=None, text="southern")
    for what in ("cancel", "resend"):
        url = f"/vehicles/{house.van.pk}/messages/{southern.pk}/{what}/"
        assert sign_in("bob").post(url, headers=HTMX).status_code == 404
    assert Message.objects.get().status == Message.Status.QUEUED


def test_who_saw_a_reply_is_in_the_thread(house, sign_in) -> None:
    say(house, "At gate 4")
    assert 'data-unread="1"' in thread(sign_in("vera"), house)
    messages.open_replies(house.van, by=house.bob)
    shown = thread(sign_in("vera"), house)
    assert 'data-unread="0"' in shown
    assert "seen by bob" in shown


def test_what_a_driver_says_to_everybody_is_marked(house, sign_in) -> None:
    say(house, "Accident on the A12", kind="say")
    assert "From the driver, to everybody" in thread(sign_in("bob"), house)


def test_the_thread_says_who_drove_when_it_changes(house, sign_in) -> None:
    from tracking import drivers
    from tracking.models import Driver

    for text in ("first", "then"):
        say(house, text)
    anna = Driver.objects.create(fleet=house.north, name="Anna Berg")
    drivers.assign(house.van, anna, at=timezone.now())
    say(house, "at last")
    shown = thread(sign_in("bob"), house)
    assert shown.count("Jan de Vries drives") == 1
    assert shown.index("Jan de Vries drives") < shown.index(">first<") < shown.index(">then<")
    assert shown.index(">then<") < shown.index("Anna Berg drives") < shown.index(">at last<")


@pytest.mark.parametrize(("said", "holds"), [('{"holds_messages":true}', True), ('{"fuel":1}', False)])
def test_a_device_that_holds_messages_while_driving_is_known(house, sign_in, said, holds) -> None:
    from tracking.models import Latest

    where = {"latitude": 52.5, "longitude": 13.4, "received": 1, "time": 1}
    Latest.objects.create(vehicle=house.van, device=house.van.devices.get(), attributes=said, **where)
    assert ("when stopped" in thread(sign_in("bob"), house)) == holds


def test_the_device_is_asked_for_its_position_and_how_often_to_report(house, sign_in) -> None:
    url, bob = f"/vehicles/{house.van.pk}/command/", sign_in("bob")
    assert "Where are you now?" in bob.post(url, {"name": "locate"}, headers=HTMX).content.decode()
    shown = bob.post(url, {"name": "interval", "seconds": "30"}, headers=HTMX).content.decode()
    assert "Report every 30 s" in shown
    assert list(Message.objects.values_list("text", "args")) == [
        ("locate", {}),
        ("interval", {"seconds": 30}),
    ]
    refused = bob.post(url, {"name": "explode"}, headers=HTMX)
    assert refused.status_code == 422
    assert Message.objects.count() == 2


def test_a_note_is_for_the_whole_desk(house, sign_in) -> None:
    url = f"/vehicles/{house.van.pk}/note/"
    sign_in("bob").post(url, {"text": "Left mirror\r\nis loose", "seen": ""}, headers=HTMX)
    for shown in (
        fragment(sign_in("vera"), url),
        thread(sign_in("alice"), house),
        fragment(sign_in("vera"), f"/vehicles/{house.van.pk}/overview/"),
    ):
        assert "Left mirror<br>is loose" in shown
        assert "Note of bob" in shown
    seen = Note.objects.get().at.isoformat()
    sign_in("bob").post(url, {"text": "", "seen": seen}, headers=HTMX)
    assert notes.get(house.van) is None


def test_a_note_that_changed_meanwhile_is_not_overwritten_unseen(house, sign_in) -> None:
    url, bob = f"/vehicles/{house.van.pk}/note/", sign_in("bob")
    notes.put(house.van, "Alice was here", by=house.alice)
    shown = bob.post(url, {"text": "Bob was here", "seen": ""}, headers=HTMX).content.decode()
    assert "alice has changed it meanwhile" in shown
    assert "Alice was here" in shown
    assert "Bob was here</textarea>" in shown
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    bob.post(url, {"text": "Bob was here", "seen": seen}, headers=HTMX)
    assert Note.objects.get().text == "Bob was here"


def test_a_link_to_a_conversation_opens_it(house, sign_in) -> None:
    shown = page(sign_in("bob"), f"?v={house.van.pk}")
    assert f'id="thread-{house.van.pk}"' in shown
    assert re.search(rf'<section[^>]* id="conversation"[^>]* data-open="{house.van.pk}"', shown)
    for wrong in ("?v=99999", "?v=9999999999999999999999"):
        assert sign_in("bob").get(f"/messages/{wrong}").status_code == 404
    assert "Choose a conversation" in page(sign_in("bob"), "?v=x")


def test_who_writes_too_much_is_told_to_wait(house, sign_in, monkeypatch) -> None:
    from dashboard import limits

    monkeypatch.setattr(limits, "WRITE", limits.Limit("write", 1, 60))
    url, bob = f"/vehicles/{house.van.pk}/", sign_in("bob")
    answers = [bob.post(f"{url}messages/", {"text": f"hi {n}"}, headers=JSON) for n in range(2)]
    answers.append(bob.post(f"{url}command/", {"name": "locate"}, headers=HTMX))
    answers.append(bob.post("/messages/broadcast/", {"text": "hi", "vehicles": str(house.van.pk)}))
    assert [answer.status_code for answer in answers] == [200, 429, 429, 429]
    assert Message.objects.count() == 1
