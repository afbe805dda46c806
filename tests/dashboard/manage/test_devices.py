"""Devices: the table, one device's page, the inbox, and the tab in the drawer."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils.timezone import now

from tests.dashboard.conftest import HTMX, T0
from tracking import contacts, devices, keys
from tracking.models import Device, Latest, PendingDevice, Quarantined, Vehicle


@pytest.fixture
def device(house) -> Device:
    return house.van.devices.get()


@pytest.fixture
def url(device) -> str:
    return f"/manage/devices/{device.pk}/"


def noted(device: Device, **contact) -> None:
    async def note() -> None:
        contacts.note(device.pk, **contact)
        await contacts.notebook().write()

    async_to_sync(note)()


def test_the_table_says_when_tokens_end(house, device, alice, sign_in) -> None:
    for uid, days in (("soon", 12), ("past", -3), ("later", 300)):
        Device.objects.create(
            uid=uid, vehicle=house.van, primary=False, token_expires=now() + timedelta(days=days, hours=1)
        )
    page = alice.get("/manage/devices/", headers=HTMX).content.decode()
    for words in ("expires in 12 days", "expired 2 days ago", "none made here", "van-7"):
        assert words in page
    assert page.index("past") < page.index("soon") < page.index("van-7")
    assert "van-7" not in alice.get("/manage/devices/", {"q": "soo van"}, headers=HTMX).content.decode()
    assert "van-7" not in sign_in("mallory").get("/manage/devices/").content.decode()


def test_the_table_says_by_which_door_they_came(house, device, alice, settings) -> None:
    noted(device, door="/i/", client="OwnTracks", code="disabled")
    page = alice.get("/manage/devices/", headers=HTMX).content.decode()
    assert 'title="disabled">/i/ <span class="bad">refused</span>' in page
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert "van-7" in alice.get("/manage/devices/", headers=HTMX).content.decode()


def test_a_device_is_disabled_and_enabled(device, url, alice) -> None:
    assert alice.post(url, {"do": "disable"})["Location"] == url
    device.refresh_from_db()
    assert device.disabled
    assert "Enable" in alice.get(url).content.decode()
    alice.post(url, {"do": "enable"})
    device.refresh_from_db()
    assert not device.disabled


def test_rotating_shows_the_new_token_once(device, url, alice) -> None:
    page = alice.post(url, {"do": "rotate"}).content.decode()
    assert "ey" in page
    assert "shown this once" in page
    device.refresh_from_db()
    assert (device.generation, device.grace_until is not None) == (1, True)
    assert "Bearer" not in alice.get(url).content.decode()


def test_revoking_ends_tokens_and_addresses(device, url, alice) -> None:
    key = keys.issue(device=device)
    alice.post(url, {"do": "revoke"})
    device.refresh_from_db()
    assert (device.generation, device.grace_until, keys.find(key)) == (1, None, None)


def test_another_device_becomes_the_primary_one(house, device, alice) -> None:
    phone = devices.add(house.van, "phone-7")
    answer = alice.post(f"/manage/devices/{phone.pk}/", {"do": "primary", "back": "vehicle"})
    assert answer["Location"] == f"/manage/vehicles/{house.van.pk}/"
    device.refresh_from_db()
    phone.refresh_from_db()
    assert (device.primary, phone.primary) == (False, True)


def test_a_device_moves_and_its_past_stays(house, device, url, alice) -> None:
    eight = Vehicle.objects.create(fleet=house.north, name="Van 8")
    assert alice.post(url, {"do": "move", "vehicle": "Van 8"})["Location"] == url
    device.refresh_from_db()
    assert device.vehicle == eight
    assert [fitting.vehicle for fitting in device.fittings.all()] == [house.van, eight]
    page = alice.get(url).content.decode()
    assert "Van 7" in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"vehicle": ""}, "required"),
        ({"vehicle": "Truck 1"}, "There is no “Truck 1” here"),
        ({"vehicle": "Van 7"}, "There is no “Van 7” here"),
        ({"vehicle": "Van 8", "at": "2999-01-01T00:00"}, "in the future"),
    ],
)
def test_a_move_that_makes_no_sense(house, device, url, alice, form, words) -> None:
    Vehicle.objects.create(fleet=house.north, name="Van 8")
    answer = alice.post(url, {"do": "move", **form})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    device.refresh_from_db()
    assert device.vehicle == house.van


def test_the_last_device_goes_and_the_vehicle_says_so(house, device, url, alice) -> None:
    assert alice.post(url, {"do": "remove"})["Location"] == f"/manage/vehicles/{house.van.pk}/"
    assert not Device.objects.filter(pk=device.pk).exists()
    assert (
        "Nothing reports for this vehicle yet"
        in alice.get(f"/manage/vehicles/{house.van.pk}/").content.decode()
    )
    assert "none" in alice.get("/manage/", headers=HTMX).content.decode()


def test_what_is_not_known_does_nothing(device, url, alice) -> None:
    assert alice.post(url, {"do": "explode"})["Location"] == url
    assert Device.objects.filter(pk=device.pk, disabled=False).exists()


@pytest.mark.parametrize(("uid", "words"), [("van 8", "no spaces"), ("truck-1", "This device id is taken")])
def test_a_device_that_cannot_be_added(house, alice, uid, words) -> None:
    vehicle = f"/manage/vehicles/{house.van.pk}/"
    assert alice.post(f"{vehicle}devices/add/", {"uid": uid})["Location"] == vehicle
    assert words in alice.get(vehicle).content.decode()
    assert house.van.devices.count() == 1


# --- the inbox ----------------------------------------------------------------------------------------


@pytest.fixture
def knocked(house) -> PendingDevice:
    found = devices.knock("new-1", fleet="north", nickname="Jan's phone")
    assert isinstance(found, PendingDevice)
    return found


def test_the_inbox_and_its_count(house, knocked, alice, sign_in) -> None:
    page = alice.get("/manage/pending/").content.decode()
    assert "new-1" in page
    assert "Jan&#x27;s phone" in page
    assert 'class="count">1<' in page
    assert "new-1" not in sign_in("mallory").get("/manage/pending/").content.decode()


@pytest.mark.parametrize(
    ("form", "vehicle"), [({"vehicle": "Van 7"}, "Van 7"), ({"name": " Van  8 "}, "Van 8")]
)
def test_accepted_into_a_vehicle_or_a_new_one(house, knocked, alice, form, vehicle) -> None:
    answer = alice.post(f"/manage/pending/{knocked.pk}/", {"do": "accept", **form})
    assert answer["Location"] == "/manage/pending/"
    assert Device.objects.get(uid="new-1").vehicle.name == vehicle
    assert not PendingDevice.objects.exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [({}, "Choose a vehicle, or name a new one"), ({"vehicle": "Truck 1"}, "There is no “Truck 1” here")],
)
def test_an_acceptance_that_makes_no_sense(house, knocked, alice, form, words) -> None:
    answer = alice.post(f"/manage/pending/{knocked.pk}/", {"do": "accept", **form})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert PendingDevice.objects.exists()


def test_dismissed_with_what_it_said(house, knocked, alice) -> None:
    Quarantined.objects.create(id="q", pending=knocked, received=1, code="pending", detail="", raw="{}")
    alice.post(f"/manage/pending/{knocked.pk}/", {"do": "dismiss"})
    assert not PendingDevice.objects.exists()
    assert not Quarantined.objects.exists()


# --- the tab in the drawer ------------------------------------------------------------------------------


def tab(client, house) -> str:
    return client.get(f"/vehicles/{house.van.pk}/device/", headers=HTMX).content.decode()


def test_the_tab_says_what_came_and_what_was_refused(house, device, sign_in) -> None:
    device.token_expires = now() + timedelta(days=12, hours=1)
    device.save()
    fix = {"vehicle": house.van, "device": device, "latitude": 1.0, "longitude": 2.0}
    Latest.objects.create(**fix, time=T0, received=T0)
    Quarantined.objects.create(
        id="q", vehicle=house.van, device=device, received=T0, code="invalid_position",
        detail="latitude: <95>", raw='{"lat": 95}',
    )  # fmt: skip
    noted(device, door="/i/", client="OwnTracks <b>", code="stored", stored=3)
    noted(device, door="socket", client="tracker", code="other_fleet", fleet="south", said="north")
    page = tab(sign_in("vera"), house)
    for words in (
        "3 positions stored", "fleet is south, token says north", "OwnTracks &lt;b&gt;",
        "latitude: &lt;95&gt;", "{&quot;lat&quot;: 95}", "expires in 12 days", "van-7", "primary",
    ):  # fmt: skip
        assert words in page
    assert page.count("refused-contact") == 1
    assert "Rotate" not in page


def test_managers_get_their_actions_in_the_tab(house, device, alice, sign_in) -> None:
    assert f'href="/manage/devices/{device.pk}/"' in tab(alice, house)
    assert "/manage/" not in tab(sign_in("bob"), house)


def test_the_tab_is_a_fragment_of_the_drawer(house, sign_in) -> None:
    assert (
        sign_in("vera").get(f"/vehicles/{house.van.pk}/device/")["Location"] == f"/vehicles/{house.van.pk}/"
    )
    assert sign_in("mallory").get(f"/vehicles/{house.van.pk}/device/", headers=HTMX).status_code == 404


def test_without_redis_the_tab_is_there_all_the_same(house, settings, sign_in) -> None:
    settings.REDIS_URL = "unix:///nowhere.sock"
    assert "van-7" in tab(sign_in("vera"), house)
