"""Many vehicles at once."""

import re

import pytest

from tests.dashboard.conftest import HTMX
from tracking import removal
from tracking.models import Device, Driver, Latest, Position, Vehicle

BULK, REMOVE = "/manage/vehicles/bulk/", "/manage/vehicles/remove/"


@pytest.fixture
def two(house) -> list[int]:
    other = Vehicle.objects.create(fleet=house.north, name="Van 8", tags=["old"])
    Vehicle.objects.create(fleet=house.north, name="Van 9")
    return [house.van.pk, other.pk]


def tags() -> dict[str, list[str]]:
    return dict(Vehicle.objects.order_by("name").values_list("name", "tags"))


def undo(client, page: str) -> str:
    before = re.search(r'name="before" value="([^"]+)"', page)
    assert before
    return client.post(BULK, {"do": "undo", "before": before[1]}, headers=HTMX).content.decode()


def test_tags_come_and_go_and_come_back(two, alice) -> None:
    before = tags()
    page = alice.post(BULK, {"do": "tag", "ids": two, "tags": "cooled, old"}, headers=HTMX).content.decode()
    assert "2 vehicles changed." in page
    assert tags() == {"Truck 1": [], "Van 7": ["cooled", "old"], "Van 8": ["old", "cooled"], "Van 9": []}
    assert "Undone." in undo(alice, page)
    assert tags() == before
    alice.post(BULK, {"do": "untag", "ids": two, "tags": "old"}, headers=HTMX)
    assert tags()["Van 8"] == []


def test_all_that_match_are_meant(two, alice) -> None:
    alice.post(BULK, {"do": "tag", "all": "1", "ids": two[0], "q": "van", "tags": "x"}, headers=HTMX)
    assert tags() == {"Truck 1": [], "Van 7": ["x"], "Van 8": ["old", "x"], "Van 9": ["x"]}
    alice.post(BULK, {"do": "tag", "all": "1", "tag": "old", "tags": "y"}, headers=HTMX)
    assert tags()["Van 8"] == ["old", "x", "y"]
    assert tags()["Van 9"] == ["x"]


def test_a_vehicle_with_too_many_tags_is_told(two, alice) -> None:
    Vehicle.objects.filter(pk=two[0]).update(tags=[str(n) for n in range(12)])
    page = alice.post(BULK, {"do": "tag", "ids": two, "tags": "x"}, headers=HTMX).content.decode()
    assert "1 vehicle changed. 1 would have more than 12 tags." in page


def test_moving_to_another_fleet_and_back(house, two, rita) -> None:
    form = {"do": "move", "ids": two, "to": house.south.pk}
    page = rita.post(BULK, form, headers=HTMX).content.decode()
    assert "2 vehicles moved to South." in page
    house.van.refresh_from_db()
    assert (house.van.fleet, house.van.driver) == (house.south, None)
    undo(rita, page)
    house.van.refresh_from_db()
    assert (house.van.fleet, house.van.driver) == (house.north, Driver.objects.get())


@pytest.mark.parametrize(
    "form",
    [
        {"do": "tag", "tags": ""},
        {"do": "move"},
        {"do": "explode"},
        {},
        {"do": "undo", "before": "forged"},
    ],
)
def test_what_makes_no_sense_changes_nothing(two, alice, form) -> None:
    before = tags()
    answer = alice.post(BULK, {"ids": two, **form}, headers=HTMX)
    assert answer.status_code in (200, 422)
    assert "notice-bad" in answer.content.decode()
    assert tags() == before


@pytest.mark.parametrize("url", [BULK, REMOVE])
def test_vehicles_of_other_fleets_are_not_there(house, two, alice, url) -> None:
    form = {"do": "tag", "tags": "mine", "typed": "Truck 1"}
    assert alice.post(url, {**form, "ids": [house.truck.pk]}).status_code == 404
    assert alice.post(url, {**form, "ids": [*two, house.truck.pk]}).status_code == 404
    assert alice.post(url, {**form, "ids": []}).status_code == 400
    assert alice.post(url, {**form, "ids": "x"}).status_code == 400
    alice.post(url, {**form, "all": "1", "fleet": "south"})
    assert Vehicle.objects.get(pk=house.truck.pk).tags == []


def test_a_fleet_that_is_not_managed_takes_no_vehicles(house, two, alice) -> None:
    assert alice.post(BULK, {"do": "move", "ids": two, "to": house.south.pk}).status_code == 422
    assert Vehicle.objects.filter(fleet=house.south).count() == 1


def test_undo_stops_at_what_one_may_not_change_any_more(house, two, rita, alice) -> None:
    page = rita.post(BULK, {"do": "move", "ids": two, "to": house.south.pk}, headers=HTMX).content.decode()
    undo(alice, page)  # the vehicles are South's now, and alice is not
    assert Vehicle.objects.filter(fleet=house.south).count() == 3


# --- removal ----------------------------------------------------------------------------------------


def test_removing_says_what_goes_and_wants_it_typed(house, alice) -> None:
    device = house.van.devices.get()
    fix = {"vehicle": house.van, "device": device, "received": 1, "latitude": 1, "longitude": 2}
    for time in range(3):
        Position.objects.create(**fix, time=time)
    Latest.objects.create(**fix, time=2)
    page = alice.post(REMOVE, {"ids": house.van.pk}).content.decode()
    for words in ("Remove 1 vehicle?", "3 positions", "1 device", "Type “Van 7” to confirm"):
        assert words in page
    answer = alice.post(REMOVE, {"ids": house.van.pk, "typed": "van 7"})
    assert answer.status_code == 422
    assert "type exactly" in answer.content.decode()
    assert Vehicle.objects.filter(pk=house.van.pk).exists()
    assert alice.post(REMOVE, {"ids": house.van.pk, "typed": "Van 7"})["Location"] == "/manage/"
    assert not Vehicle.objects.filter(pk=house.van.pk).exists()
    assert not Device.objects.filter(uid="van-7").exists()
    assert removal.sweep()
    assert not Position.objects.exists()


def test_many_are_removed_by_their_number(house, two, alice) -> None:
    page = alice.post(REMOVE, {"all": "1", "q": "van"}).content.decode()
    assert "Type “remove 3 vehicles” to confirm" in page
    alice.post(REMOVE, {"all": "1", "q": "van", "typed": "remove 3 vehicles"})
    assert [vehicle.name for vehicle in Vehicle.objects.all()] == ["Truck 1"]
