"""One text to many: who gets it is shown first, then who has it and who has not."""

import json

import pytest

from tests.dashboard.conftest import HTMX
from tracking import broadcasts, messages
from tracking.models import Broadcast, Latest, Message, Vehicle

PREVIEW, COMPOSE = "/messages/broadcast/preview/", "/messages/broadcast/"
BERLIN = {"type": "Polygon", "coordinates": [[[13, 52], [14, 52], [14, 53], [13, 53], [13, 52]]]}


@pytest.fixture
def vans(house) -> list[Vehicle]:
    """Three vans of the north: in Berlin, near it, and one that never reported."""
    found = [house.van, *(house.north.vehicles.create(name=f"Van {n}") for n in (8, 9))]
    for vehicle, latitude in zip(found[:2], (52.5, 53.5), strict=True):
        device = vehicle.devices.first() or vehicle.devices.create(uid=f"device-{vehicle.pk}")
        where = {"latitude": latitude, "longitude": 13.4, "time": 1, "received": 1}
        Latest.objects.create(vehicle=vehicle, device=device, **where)
    return found


def ids(html: str) -> set[int]:
    said = html.split('name="vehicles" value="')[1].split('"')[0]
    return {int(pk) for pk in said.split(",") if pk}


def preview(client, **form) -> str:
    return client.post(PREVIEW, form, headers=HTMX).content.decode()


def send(client, vehicles, **more):
    form = {"text": "Snow", "client_id": "c-1", "vehicles": ",".join(str(v.pk) for v in vehicles), **more}
    return client.post(COMPOSE, form)


def test_a_fleet_an_area_and_the_nearest_are_counted_before_anything_is_sent(house, vans, sign_in) -> None:
    bob = sign_in("bob")
    everybody = {van.pk for van in vans}
    shown = preview(bob, to="fleet", fleets=["north"])
    assert ids(shown) == everybody
    assert "Send to 3 vehicles" in shown
    assert ids(preview(bob, to="area", area=json.dumps(BERLIN))) == {vans[0].pk}
    assert ids(preview(bob, to="nearest", place="53.6, 13.4", count="1")) == {vans[1].pk}
    assert ids(preview(bob, to="nearest", place="53.6, 13.4", count="9")) == {van.pk for van in vans[:2]}
    assert ids(preview(bob, to="vehicles", ids=f"{vans[2].pk},x,{vans[0].pk}")) == {vans[0].pk, vans[2].pk}
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"to": "area", "area": ""}, "Draw an area first."),
        ({"to": "area", "area": "{"}, "Draw an area first."),
        ({"to": "area", "area": '{"type": "Point"}'}, "Draw an area first."),
        ({"to": "nearest", "place": "here"}, "A place is latitude, longitude"),
        ({"to": "nearest", "place": "99, nan"}, "A place is latitude, longitude"),
        ({"to": "fleet"}, "Nobody yet"),
        ({"to": "fleet", "fleets": ["south"]}, "Nobody yet"),
        ({}, "Nobody yet"),
    ],
)
def test_what_chooses_nobody_says_why(house, vans, sign_in, form, said) -> None:
    shown = preview(sign_in("bob"), **form)
    assert said in shown
    assert ids(shown) == set()
    assert "disabled" in shown


def test_it_goes_to_exactly_those_who_were_shown_and_once(house, vans, sign_in) -> None:
    bob = sign_in("bob")
    answers = [send(bob, vans[:2], to="fleet", fleets=["north"], replies="OK, No") for _ in range(2)]
    found = Broadcast.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/messages/broadcast/{found.pk}/"] * 2
    rows = Message.objects.all()
    assert {row.vehicle_id for row in rows} == {van.pk for van in vans[:2]}
    assert {(row.text, tuple(row.replies), row.author_name) for row in rows} == {
        ("Snow", ("OK", "No"), "bob")
    }
    assert found.target == {"kind": "fleet", "name": "North"}


def test_a_refused_one_keeps_text_and_recipients(house, vans, sign_in) -> None:
    answer = send(sign_in("bob"), vans[:2], text="x" * 2001)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "x" * 2001 + "</textarea>" in shown
    assert ids(shown) == {van.pk for van in vans[:2]}
    assert "2001 characters" in shown
    assert Message.objects.count() == 0


def test_vehicles_of_others_get_nothing(house, vans, sign_in) -> None:
    send(sign_in("bob"), [*vans[:1], house.truck])
    assert {row.vehicle_id for row in Message.objects.all()} == {vans[0].pk}
    assert "1 chosen vehicle is left out" in preview(
        sign_in("bob"), to="vehicles", ids=f"{vans[0].pk},{house.truck.pk}"
    )
    assert send(sign_in("mallory"), vans, client_id="c-2").status_code == 422
    assert sign_in("vera").get(COMPOSE).status_code == 403


def test_the_board_says_who_has_it_and_who_has_not(house, vans, sign_in) -> None:
    found = broadcasts.send(vans, author=house.bob, text="Snow")
    status = Message.Status
    for van, reached in zip(vans, (status.READ, status.DELIVERED, status.FAILED), strict=True):
        Message.objects.filter(vehicle=van).update(status=reached)
    url = f"/messages/broadcast/{found.pk}/"
    shown = sign_in("vera").get(url).content.decode()
    for what, number in (("delivered", 2), ("read", 1), ("missing", 1)):
        assert f'data-count-of="{what}">{number}<' in shown
    assert "Resend to" not in shown  # a viewer
    unread = sign_in("bob").get(f"{url}?only=unread", headers=HTMX).content.decode()
    assert "Van 7" not in unread
    assert "Van 8" in unread
    assert "Van 9" in unread
    assert "Resend to 1 that did not get it" in unread
    again = sign_in("bob").post(f"{url}resend/", headers=HTMX)
    assert json.loads(again["HX-Trigger"])["toast"]["text"] == "Written again to 1 vehicle."
    assert Message.objects.filter(vehicle=vans[2]).count() == 2
    assert Message.objects.count() == 4


def test_of_a_broadcast_to_several_fleets_each_sees_their_own(house, sign_in) -> None:
    found = broadcasts.send([house.van, house.truck], author=house.root, text="Everybody stop")
    url = f"/messages/broadcast/{found.pk}/"
    shown = sign_in("mallory").get(url).content.decode()
    assert "Truck 1" in shown
    assert "Van 7" not in shown
    assert 'data-total="1"' in shown
    Message.objects.update(status=Message.Status.EXPIRED)
    sign_in("mallory").post(f"{url}resend/", headers=HTMX)
    assert {row.vehicle_id for row in Message.objects.exclude(resends=None)} == {house.truck.pk}
    only_north = broadcasts.send([house.van], author=house.bob, text="North")
    assert sign_in("mallory").get(f"/messages/broadcast/{only_north.pk}/").status_code == 404


def test_markup_in_a_broadcast_is_only_text(house, sign_in) -> None:
    markup = "<script>alert(1)</script>"
    found = broadcasts.send([house.van], author=house.bob, text=markup)
    thread = f"/vehicles/{house.van.pk}/messages/"
    for path in ("/messages/", f"/messages/broadcast/{found.pk}/", f"/messages/?v={house.van.pk}"):
        assert markup not in sign_in("bob").get(path).content.decode()
    assert f"/messages/broadcast/{found.pk}/" in sign_in("bob").get(thread, headers=HTMX).content.decode()


def test_a_selection_of_the_map_comes_along(house, vans, sign_in) -> None:
    shown = sign_in("bob").get(f"{COMPOSE}?vehicles={vans[0].pk},{vans[1].pk}").content.decode()
    assert ids(shown) == {van.pk for van in vans[:2]}
    assert "2 vehicles get it" in shown


def test_the_newest_broadcasts_are_on_the_page_of_conversations(house, vans, sign_in) -> None:
    broadcasts.send(vans, author=house.bob, text="Snow warning", target={"kind": "area"})
    messages.queue(house.van, author=house.bob, text="to one")
    shown = sign_in("vera").get("/messages/").content.decode()
    assert "Snow warning" in shown
    assert "3 written · 0 delivered · 0 read" in shown
    assert "Snow warning" not in sign_in("mallory").get("/messages/").content.decode()
