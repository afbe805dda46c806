"""Drivers, and what they drive."""

import pytest

from tests.dashboard.conftest import HTMX
from tracking.models import Assignment, Driver, Vehicle


@pytest.fixture
def jan(house) -> Driver:
    return Driver.objects.get(name="Jan de Vries")


def test_the_table_says_who_drives_what(house, jan, alice, sign_in) -> None:
    Driver.objects.create(fleet=house.north, name="Piet", phone="+31 7")
    page = alice.get("/manage/drivers/", headers=HTMX).content.decode()
    assert page.index("Jan de Vries") < page.index("Piet")
    assert "Van 7" in page
    for query, there, gone in (({"q": "piet 31"}, "Piet", "Jan"), ({"q": "van 7"}, "Jan", "Piet")):
        found = alice.get("/manage/drivers/", query, headers=HTMX).content.decode()
        assert there in found
        assert gone not in found
    assert "Jan" not in sign_in("mallory").get("/manage/drivers/").content.decode()


def test_a_driver_comes(house, alice) -> None:
    form = {"name": " Eva  Ek ", "phone": "+46 (70) 123-45", "language": "zh-hans", "fleet": house.north.pk}
    made = alice.post("/manage/drivers/add/", form)
    eva = Driver.objects.get(name="Eva Ek")
    assert made["Location"] == f"/manage/drivers/{eva.pk}/"
    assert (eva.phone, eva.language, eva.fleet) == ("+46 (70) 123-45", "zh-hans", house.north)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"phone": "call me"}, "A phone number has"),
        ({"phone": "javascript:1"}, "A phone number has"),
        ({"language": "tlh"}, "Select a valid choice"),
        ({"fleet": 0}, "Select a valid choice"),
    ],
)
def test_a_driver_form_that_is_wrong_says_so(house, jan, alice, wrong, words) -> None:
    form = {"name": "Eva", "fleet": house.north.pk, **wrong}
    for url in ("/manage/drivers/add/", f"/manage/drivers/{jan.pk}/"):
        if "fleet" in wrong and url != "/manage/drivers/add/":
            continue
        answer = alice.post(url, form)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert Driver.objects.filter(fleet=house.north).count() == 1


def test_a_driver_of_another_fleet_is_not_added(house, alice) -> None:
    assert alice.post("/manage/drivers/add/", {"name": "Eva", "fleet": house.south.pk}).status_code == 422


def test_a_driver_changes_vehicles_and_keeps_the_past(house, jan, alice) -> None:
    eight = Vehicle.objects.create(fleet=house.north, name="Van 8")
    url = f"/manage/drivers/{jan.pk}/vehicle/"
    assert alice.post(url, {"vehicle": "Van 8"}).status_code == 302
    eight.refresh_from_db()
    house.van.refresh_from_db()
    assert (eight.driver, house.van.driver) == (jan, None)
    assert [a.vehicle for a in Assignment.objects.filter(driver=jan)] == [eight, house.van]
    page = alice.get(f"/manage/drivers/{jan.pk}/").content.decode()
    assert page.index("Van 8") < page.rindex("Van 7")
    alice.post(url, {"vehicle": ""})
    eight.refresh_from_db()
    assert eight.driver is None
    assert not Assignment.objects.filter(end=None).exists()


def test_a_driver_drives_only_vehicles_of_the_own_fleet(house, jan, alice) -> None:
    answer = alice.post(f"/manage/drivers/{jan.pk}/vehicle/", {"vehicle": "Truck 1"})
    assert answer.status_code == 422
    assert "There is no “Truck 1” here" in answer.content.decode()


def test_a_driver_goes(house, jan, alice) -> None:
    assert alice.post(f"/manage/drivers/{jan.pk}/remove/")["Location"] == "/manage/drivers/"
    house.van.refresh_from_db()
    assert house.van.driver is None
    assert not Driver.objects.exists()
    assert "No drivers yet" in alice.get("/manage/drivers/").content.decode()
