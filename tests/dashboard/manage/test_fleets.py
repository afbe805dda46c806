"""Fleets, their thresholds and their texts."""

import pytest

from tracking.models import Fleet, Vehicle

NORTH = "/manage/fleets/north/"


@pytest.fixture
def root(sign_in):
    return sign_in("root")


def test_a_manager_sees_the_own_fleets(house, alice, root) -> None:
    assert "South" not in alice.get("/manage/fleets/").content.decode()
    page = root.get("/manage/fleets/").content.decode()
    assert "North" in page
    assert "South" in page


def test_name_zone_and_retention(house, alice) -> None:
    form = {"form": "fleet", "name": "Nord", "time_zone": "Asia/Shanghai", "retention_days": "30"}
    assert alice.post(NORTH, form)["Location"] == NORTH
    house.north.refresh_from_db()
    assert (house.north.name, house.north.time_zone, house.north.retention_days) == (
        "Nord",
        "Asia/Shanghai",
        30,
    )
    alice.post(NORTH, {**form, "retention_days": ""})
    house.north.refresh_from_db()
    assert house.north.retention_days is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "fleet", "name": "", "time_zone": "UTC"},
        {"form": "fleet", "name": "N", "time_zone": "../etc/passwd"},
        {"form": "fleet", "name": "N", "time_zone": "UTC", "retention_days": "0"},
        {"form": "fleet", "name": "N", "time_zone": "UTC", "retention_days": "-1"},
        {"form": "fleet", "name": "N", "time_zone": "UTC", "retention_days": "1e9"},
        {"form": "thresholds", "moving_min": "0", "stopped_h": "26"},
        {"form": "thresholds", "moving_min": "10", "stopped_h": "x"},
        {"form": "thresholds", "moving_min": "10"},
        {"form": "canned", "canned": "x" * 201},
        {"form": "canned", "canned": "\n".join(map(str, range(31)))},
        {"form": "canned", "canned_answers": "yes, no"},
        {"form": "canned", "canned_answers": "x" * 41},
        {"form": "canned", "canned_answers": "\n".join(map(str, range(7)))},
    ],
)
def test_a_fleet_form_that_is_wrong_says_so(house, alice, wrong) -> None:
    before = Fleet.objects.filter(slug="north").values().get()
    answer = alice.post(NORTH, wrong)
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert Fleet.objects.filter(slug="north").values().get() == before


def test_when_silence_counts(house, alice) -> None:
    alice.post(NORTH, {"form": "thresholds", "moving_min": "5", "stopped_h": "48"})
    house.north.refresh_from_db()
    assert (house.north.offline_moving_s, house.north.offline_stopped_s) == (300, 172_800)
    assert 'value="5"' in alice.get(NORTH).content.decode()


def test_texts_at_hand_stand_in_the_composer(house, alice, sign_in) -> None:
    form = {
        "form": "canned",
        "canned": "Call the depot\n\n <b>Gate 4 \nCall the depot",
        "canned_answers": "Ok\nLate",
    }
    alice.post(NORTH, form)
    house.north.refresh_from_db()
    assert house.north.canned == ["Call the depot", "<b>Gate 4"]
    page = sign_in("bob").get(f"/vehicles/{house.van.pk}/messages/", headers={"HX-Request": "true"})
    text = page.content.decode()
    assert text.index("data-canned>Call the depot<") < text.index("data-canned>&lt;b&gt;Gate 4<")
    assert 'value="Ok, Late"' in text
    assert "data-canned" not in sign_in("vera").get(
        f"/vehicles/{house.van.pk}/messages/", headers={"HX-Request": "true"}
    ).content.decode()  # fmt: skip


def test_the_operator_adds_a_fleet(house, root) -> None:
    form = {"name": "Västra Götaland", "time_zone": "Europe/Stockholm"}
    assert root.post("/manage/fleets/add/", form)["Location"] == "/manage/fleets/vastra-gotaland/"
    assert Fleet.objects.get(slug="vastra-gotaland").name == "Västra Götaland"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "North"}, "is taken"),
        ({"name": "X", "slug": "north"}, "already exists"),
        ({"name": "X", "slug": "add"}, "is taken"),
        ({"name": "Add"}, "is taken"),
        ({"name": "X", "slug": "no spaces"}, "valid"),
        ({"name": "北京"}, "choose a short name"),
        ({"name": ""}, "required"),
    ],
)
def test_a_fleet_that_cannot_be_added(house, root, form, words) -> None:
    answer = root.post("/manage/fleets/add/", {"time_zone": "UTC", **form})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Fleet.objects.count() == 2


def test_a_fleet_goes_when_its_name_is_typed(house, root) -> None:
    url = "/manage/fleets/north/remove/"
    page = root.get(url).content.decode()
    for words in ("1 vehicle", "1 driver, 3 memberships", "Type “North” to confirm"):
        assert words in page
    assert root.post(url, {"typed": "north"}).status_code == 422
    assert Fleet.objects.filter(slug="north").exists()
    assert root.post(url, {"typed": "North"})["Location"] == "/manage/fleets/"
    assert [vehicle.name for vehicle in Vehicle.objects.all()] == ["Truck 1"]


def test_without_a_fleet_the_operator_is_led_to_one(house, root) -> None:
    Fleet.objects.all().delete()
    assert "Add your first fleet" in root.get("/manage/").content.decode()
    assert "Add your first fleet" in root.get("/manage/fleets/").content.decode()
