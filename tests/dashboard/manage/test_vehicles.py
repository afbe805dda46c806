"""The table of vehicles, and one vehicle's page."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from tests.dashboard.conftest import HTMX, T0
from tracking.models import Assignment, Device, Driver, Latest, Vehicle

PLACE = {"latitude": 57.7, "longitude": 12.0}


def names(page: str) -> list[str]:
    """The vehicles of a table, in its order."""
    rows = page.split('<td class="grid-name">')[1:]
    return [row.split("</a>")[0].rpartition(">")[2] for row in rows]


def listed(client, **query) -> list[str]:
    return names(client.get("/manage/", query, headers=HTMX).content.decode())


@pytest.fixture
def vans(house) -> list[Vehicle]:
    """Van 8 and 9 beside Van 7, and Mallory's truck."""
    eight = Vehicle.objects.create(
        fleet=house.north, name="Van 8", plate="AB-8", tags=["cooled", "Ö-tour"], icon="van", colour="blue"
    )
    nine = Vehicle.objects.create(fleet=house.north, name="Van 9", plate="AA-9", tags=["cooled wide"])
    device = Device.objects.create(uid="imei-9", vehicle=nine)
    Latest.objects.create(vehicle=nine, device=device, time=T0, received=T0, **PLACE)
    return [house.van, eight, nine]


def test_a_manager_sees_the_vehicles_of_managed_fleets_only(vans, alice, sign_in, rita) -> None:
    assert listed(alice) == ["Van 7", "Van 8", "Van 9"]
    assert listed(sign_in("mallory")) == ["Truck 1"]
    assert listed(rita) == ["Truck 1", "Van 7", "Van 8", "Van 9"]
    assert sign_in("bob").get("/manage/").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "van 8"}, ["Van 8"]),
        ({"q": "AA-9"}, ["Van 9"]),
        ({"q": "vries"}, ["Van 7"]),
        ({"q": "imei"}, ["Van 9"]),
        ({"q": "Ö-t"}, ["Van 8"]),
        ({"q": "van cool"}, ["Van 8", "Van 9"]),
        ({"q": "%"}, []),
        ({"q": "nobody\0"}, []),
        ({"tag": "cooled"}, ["Van 8"]),
        ({"tag": "Ö-tour"}, ["Van 8"]),
        ({"fleet": "south"}, []),
        ({"sort": "-name"}, ["Van 9", "Van 8", "Van 7"]),
        ({"sort": "plate"}, ["Van 7", "Van 9", "Van 8"]),
        ({"sort": "-seen"}, ["Van 9", "Van 7", "Van 8"]),
        ({"sort": "driver"}, ["Van 7", "Van 8", "Van 9"]),
        ({"sort": "password"}, ["Van 7", "Van 8", "Van 9"]),
        ({"page": "99"}, ["Van 7", "Van 8", "Van 9"]),
        ({"page": "x"}, ["Van 7", "Van 8", "Van 9"]),
    ],
)
def test_search_filter_sort(vans, alice, query, found) -> None:
    assert listed(alice, **query) == found


def test_ten_thousand_are_paged_in_few_queries(house, alice, django_assert_max_num_queries) -> None:
    Vehicle.objects.bulk_create(
        [Vehicle(fleet=house.north, name=f"Bus {n:05}", tags=["many"]) for n in range(10_000)],
        batch_size=1000,
    )
    with django_assert_max_num_queries(15):
        page = alice.get("/manage/", {"q": "bus", "page": "2"}, headers=HTMX).content.decode()
    assert names(page)[0] == "Bus 00050"
    assert len(names(page)) == 50
    assert "51–100 of 10000" in page


def test_the_fragment_knows_its_address(vans, alice) -> None:
    page = alice.get("/manage/", {"q": "van", "sort": "-name"}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert 'data-address="/manage/?q=van&amp;sort=-name&amp;page=1"' in page


def test_names_are_text_on_every_page(house, alice) -> None:
    evil = '"><script>alert(1)</script>'
    Vehicle.objects.filter(pk=house.van.pk).update(name=evil, plate="<i>", tags=["<b>"])
    Driver.objects.update(name="<u>Jan")
    device = house.van.devices.get()
    for path in (
        "/manage/", f"/manage/vehicles/{house.van.pk}/", f"/manage/vehicles/{house.van.pk}/connect/",
        "/manage/drivers/", f"/manage/devices/{device.pk}/", "/manage/devices/", "/manage/options/vehicle/",
    ):  # fmt: skip
        page = alice.get(path).content.decode()
        for markup in ("<script>alert", "<i>", "<b>", "<u>Jan"):
            assert markup not in page, path


# --- adding ---------------------------------------------------------------------------------------


def test_adding_needs_a_name_and_leads_to_connecting(house, alice) -> None:
    answer = alice.post(
        "/manage/vehicles/add/", {"name": " Van  412 ", "fleet": house.north.pk, "icon": "van"}
    )
    vehicle = Vehicle.objects.get(name="Van 412")
    assert answer["Location"] == f"/manage/vehicles/{vehicle.pk}/connect/"
    assert (vehicle.fleet, vehicle.icon, vehicle.tags) == (house.north, "van", [])
    assert vehicle.devices.get().uid.startswith("van-412-")


def test_all_that_a_vehicle_has(house, alice) -> None:
    form = {
        "name": "Van 8", "fleet": house.north.pk, "plate": "AB-8", "tags": "cooled, night ,cooled,",
        "icon": "truck", "colour": "teal", "uid": "357544374597827",
    }  # fmt: skip
    assert alice.post("/manage/vehicles/add/", form).status_code == 302
    vehicle = Vehicle.objects.get(name="Van 8")
    assert (vehicle.plate, vehicle.tags, vehicle.icon, vehicle.colour) == (
        "AB-8", ["cooled", "night"], "truck", "teal",
    )  # fmt: skip
    assert vehicle.devices.get().uid == "357544374597827"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "nul\0"}, "Null characters"),
        ({"plate": "x" * 21}, "at most 20 characters"),
        ({"tags": ",".join(map(str, range(13)))}, "At most 12 tags"),
        ({"tags": "x" * 31}, "at most 30 characters"),
        ({"icon": "rocket"}, "Select a valid choice"),
        ({"colour": "#ff0000"}, "Select a valid choice"),
        ({"uid": "van 7"}, "no spaces"),
        ({"uid": "van-7"}, "This device id is taken"),
        ({"uid": "truck-1"}, "This device id is taken"),
        ({"fleet": "south"}, "Select a valid choice"),
    ],
)
def test_a_form_that_is_wrong_says_so(house, alice, wrong, words) -> None:
    if wrong.get("fleet") == "south":
        wrong = {"fleet": house.south.pk}
    form = {"name": "Van 8", "fleet": house.north.pk, "icon": "van", **wrong}
    answer = alice.post("/manage/vehicles/add/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Vehicle.objects.filter(fleet=house.north).count() == 1


# --- changing -------------------------------------------------------------------------------------


def test_a_vehicle_is_changed(house, alice) -> None:
    url = f"/manage/vehicles/{house.van.pk}/"
    form = {"name": "Van 7b", "plate": "X-1", "tags": "a; b", "icon": "bus", "colour": "pink"}
    assert alice.post(url, form)["Location"] == url
    house.van.refresh_from_db()
    assert (house.van.name, house.van.tags, house.van.colour) == ("Van 7b", ["a", "b"], "pink")
    assert "Saved." in alice.get(url).content.decode()
    assert alice.post(url, {**form, "name": ""}).status_code == 422
    house.van.refresh_from_db()
    assert house.van.name == "Van 7b"


def test_a_driver_is_assigned_from_a_moment_on_the_fleets_clocks(house, alice) -> None:
    house.north.time_zone = "Europe/Stockholm"
    house.north.save()
    piet = Driver.objects.create(fleet=house.north, name="Piet")
    url = f"/manage/vehicles/{house.van.pk}/driver/"
    assert alice.post(url, {"driver": "Piet", "at": "2026-01-05T08:00"}).status_code == 302
    newest = Assignment.objects.get(driver=piet)
    assert newest.start.isoformat() == "2026-01-05T07:00:00+00:00"
    assert Assignment.objects.get(driver__name="Jan de Vries").end == newest.start
    alice.post(url, {"driver": ""})
    house.van.refresh_from_db()
    assert house.van.driver is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"driver": "Nobody"}, "There is no “Nobody” here"),
        ({"driver": "Sam"}, "There is no “Sam” here"),
        ({"driver": "Twin"}, "more than once"),
        ({"driver": "Jan de Vries", "at": "2999-01-01T00:00"}, "in the future"),
        ({"driver": "Jan de Vries", "at": "yesterday"}, "Enter a valid date"),
    ],
)
def test_an_assignment_that_makes_no_sense(house, alice, form, words) -> None:
    Driver.objects.create(fleet=house.south, name="Sam")
    twins = [Driver.objects.create(fleet=house.north, name="Twin") for _ in range(2)]
    url = f"/manage/vehicles/{house.van.pk}/driver/"
    answer = alice.post(url, form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert alice.post(url, {"driver": f"Twin #{twins[1].pk}"}).status_code == 302
    house.van.refresh_from_db()
    assert house.van.driver == twins[1]


def test_names_are_offered_while_typing(house, alice) -> None:
    for _ in range(2):
        Driver.objects.create(fleet=house.north, name="Twin")
    Driver.objects.create(fleet=house.south, name="Sam")
    page = alice.get("/manage/options/driver/", {"driver": "t"}).content.decode()
    pk = Driver.objects.filter(name="Twin").first()
    assert pk is not None
    assert f'value="Twin #{pk.pk}"' in page
    assert "Sam" not in alice.get("/manage/options/driver/").content.decode()
    assert 'value="Jan de Vries"' in alice.get("/manage/options/driver/", {"q": "vries"}).content.decode()
    assert alice.get("/manage/options/user/").status_code == 404


def test_the_page_shows_who_drove(house, alice) -> None:
    Assignment.objects.create(
        vehicle=house.van, driver=Driver.objects.create(fleet=house.north, name="Old Hand"),
        start=now() - timedelta(days=5000), end=now() - timedelta(days=4001),
    )  # fmt: skip
    page = alice.get(f"/manage/vehicles/{house.van.pk}/").content.decode()
    assert "Old Hand" in page
    assert "van-7" in page


def test_the_csv_is_what_the_import_takes(house, alice) -> None:
    Vehicle.objects.filter(pk=house.van.pk).update(name="=1+1", plate="-x", tags=["a", "b"])
    text = alice.get("/manage/vehicles.csv").content.decode()
    assert text.splitlines() == [
        "name,plate,tags,driver,phone,device",
        "'=1+1,'-x,\"a, b\",Jan de Vries,'+31 6 1234,van-7",
    ]
