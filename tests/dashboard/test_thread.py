"""The conversation with a vehicle, as a page shows it."""

import uuid

import pytest
from django.utils import timezone

from tests.dashboard.conftest import HTMX
from tracking.models import Message


@pytest.fixture
def url(house) -> str:
    return f"/vehicles/{house.van.pk}/messages/"


def say(house, number: int, **fields) -> Message:
    fields = {"id": f"m{number}", "text": f"text {number}", "created": timezone.now(), **fields}
    return Message.objects.create(vehicle=house.van, number=number, **fields)


def test_a_dispatcher_writes_and_sees_it_queued(house, sign_in, url) -> None:
    form = {"text": "Call the\r\ndepot", "client_id": str(uuid.uuid4()), "replies": "OK, Delayed ,"}
    page = sign_in("bob").post(url, form, headers=HTMX).content.decode()
    message = Message.objects.get()
    assert (message.text, message.replies, message.author) == (
        "Call the\ndepot",
        ["OK", "Delayed"],
        house.bob,
    )
    assert "Call the<br>depot" in page
    assert "receipt-queued" in page
    composer = page[page.index('class="composer"') :]
    assert form["client_id"] not in composer


def test_a_double_submit_is_one_message(house, sign_in, url) -> None:
    bob, form = sign_in("bob"), {"text": "Call the depot", "client_id": str(uuid.uuid4())}
    for _ in range(2):
        assert bob.post(url, form, headers=HTMX).status_code == 200
    assert Message.objects.count() == 1


def test_a_refused_message_stays_in_the_composer(house, sign_in, url) -> None:
    form = {"text": "x" * 2001, "client_id": "c-1"}
    answer = sign_in("bob").post(url, form, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "x" * 2001 + "</textarea>" in page
    assert 'value="c-1"' in page
    assert Message.objects.count() == 0


def test_without_scripts_it_leads_back_to_the_vehicle(house, sign_in, url) -> None:
    answer = sign_in("bob").post(url, {"text": "hi", "client_id": "c-1"})
    assert answer["Location"] == f"/vehicles/{house.van.pk}/"
    assert Message.objects.count() == 1


def test_a_viewer_reads_but_does_not_write(house, sign_in, url) -> None:
    say(house, 1)
    vera = sign_in("vera")
    page = vera.get(url, headers=HTMX).content.decode()
    assert "text 1" in page
    assert "<textarea" not in page
    assert vera.post(url, {"text": "hi", "client_id": "c-1"}, headers=HTMX).status_code == 403
    assert Message.objects.count() == 1


def test_signed_out_keeps_what_is_typed_on_the_page(house, client, url) -> None:
    assert client.get(url, headers=HTMX)["HX-Reswap"] == "none"
    answer = client.post(url, {"text": "hi", "client_id": "c-1"}, headers=HTMX)
    assert answer.status_code == 401
    assert answer["HX-Reswap"] == "afterbegin"
    assert "signed out" in answer.content.decode()


@pytest.mark.parametrize("field", ["text", "author_name"])
def test_markup_in_a_message_is_only_text(house, sign_in, url, field) -> None:
    say(house, 1, **{field: "<script>alert(1)</script>"})
    page = sign_in("bob").get(url, headers=HTMX).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("status", Message.Status)
def test_each_state_has_its_icon_and_its_word(house, sign_in, url, status) -> None:
    say(house, 1, status=status, delivered=timezone.now(), read=timezone.now(), expires=timezone.now())
    page = sign_in("bob").get(url, headers=HTMX).content.decode()
    assert f"receipt-{status.label}" in page
    assert f"</span> {status.label}" in page
    assert ("Resend" in page) == (status.label in ("failed", "expired", "cancelled"))


def test_the_driver_is_on_the_other_side(house, sign_in, url) -> None:
    say(house, 1, kind="reply", text="On my way", author_name="")
    page = sign_in("bob").get(url, headers=HTMX).content.decode()
    assert "bubble-theirs" in page
    assert "Jan de Vries" in page
    assert "receipt-" not in page


def test_the_newest_are_shown_oldest_first_and_more_on_request(house, sign_in, url) -> None:
    for number in range(1, 61):
        say(house, number)
    bob = sign_in("bob")
    page = bob.get(url, headers=HTMX).content.decode()
    assert "text 10<" not in page
    assert page.index("text 11<") < page.index("text 60<")
    assert "?count=100" in page
    page = bob.get(f"{url}?count=100", headers=HTMX).content.decode()
    assert "text 1<" in page
    assert "Show earlier" not in page


def test_another_vehicles_messages_are_not_in_it(house, sign_in, url) -> None:
    Message.objects.create(id="s1", vehicle=house.truck, number=1, text="southern", created=timezone.now())
    assert b"southern" not in sign_in("root").get(url, headers=HTMX).content
