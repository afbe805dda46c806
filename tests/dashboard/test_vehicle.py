"""The drawer of a vehicle, and the way to its track."""

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from dashboard.models import Profile
from tests.dashboard.conftest import HTMX, T0
from tracking.models import Device, Driver, Latest, Position, Vehicle


@pytest.fixture
def latest(house) -> Latest:
    device = Device.objects.get(uid="van-7")
    return Latest.objects.create(
        vehicle=house.van, device=device, time=T0, received=T0, latitude=52.5, longitude=13.4,
        speed=15.0, battery=82.4, accuracy=6.2, odometer=182_311_400.0,
    )  # fmt: skip


def drawer(client, house) -> str:
    page: str = client.get(f"/vehicles/{house.van.pk}/", headers=HTMX).content.decode()
    return page


@time_machine.travel(T0 / 1000 + 5, tick=False)
def test_the_drawer_says_what_is_known(house, latest, sign_in) -> None:
    page = drawer(sign_in("vera"), house)
    for words in (
        "Van 7",
        "Moving",
        "54 km/h",
        "82 %",
        "±6 m",
        "182,311 km",
        "van-7",
        "Jan de Vries",
        "+3161234",
    ):
        assert words in page
    assert f'data-vehicle="{house.van.pk}"' in page
    for hook in ("state", "speed", "age"):
        assert f'data-live="{hook}"' in page


def test_a_vehicle_that_never_reported_says_so(house, sign_in) -> None:
    assert "waiting for its first position" in drawer(sign_in("vera"), house)


@time_machine.travel(T0 / 1000 + 5, tick=False)
def test_figures_are_in_the_units_of_their_reader(house, latest, sign_in) -> None:
    Profile.objects.create(user=house.vera, units=Profile.Units.IMPERIAL)
    page = drawer(sign_in("vera"), house)
    for words in ("34 mph", "±20 ft", "113,283 mi"):
        assert words in page
    assert "km/h" not in page


@time_machine.travel(T0 / 1000 + 5, tick=False)
def test_a_fleet_says_how_long_silence_is_offline(house, latest, sign_in) -> None:
    house.north.offline_moving_s = 4
    house.north.save()
    assert "state-offline" in drawer(sign_in("vera"), house)


def test_tabs_are_those_that_work_and_one_is_open(house, sign_in) -> None:
    vera = sign_in("vera")
    page = drawer(vera, house)
    for name in ("overview", "today", "messages"):
        assert f'data-tab="{name}"' in page
    for address in set(re.findall(r'hx-get="([^"]+)"', page)):
        assert vera.get(address, headers=HTMX).status_code == 200
    for tab, words in (("messages", "thread-scroll"), ("nonsense", "Odometer")):
        answer = vera.get(f"/vehicles/{house.van.pk}/", {"tab": tab}, headers=HTMX)
        assert words in answer.content.decode()


def test_only_dispatchers_are_offered_the_track(house, sign_in) -> None:
    assert "Take its track" not in drawer(sign_in("vera"), house)
    assert "Take its track" in drawer(sign_in("bob"), house)
    assert export(sign_in("vera"), house, last="1", format="gpx").status_code == 403


@time_machine.travel("2026-11-23T10:00:00Z", tick=False)
def test_today_begins_at_midnight_on_the_clock_of_its_reader(house, sign_in) -> None:
    device = Device.objects.get(uid="van-7")
    for moment in ("2026-11-22T22:30Z", "2026-11-23T09:00Z"):
        time = int(datetime.fromisoformat(moment).timestamp() * 1000)
        at = {"time": time, "received": time, "latitude": 52.5, "longitude": 13.4}
        Position.objects.create(vehicle=house.van, device=device, speed=20.0, **at)
    vera = sign_in("vera")

    def first(**headers: str) -> str:
        page = vera.get(f"/vehicles/{house.van.pk}/today/", headers={**HTMX, **headers}).content.decode()
        assert "72 km/h" in page
        return re.findall(r'datetime="([^"]+)"', page)[0]

    assert first() == "2026-11-23T09:00:00+00:00"
    assert first(**{"Time-Zone": "../etc"}) == "2026-11-23T09:00:00+00:00"
    assert first(**{"Time-Zone": "Asia/Shanghai"}) == "2026-11-22T22:30:00+00:00"
    Profile.objects.create(user=house.vera, time_zone="America/New_York")
    assert first(**{"Time-Zone": "UTC"}) == "2026-11-23T04:00:00-05:00"


def test_a_day_without_positions_says_so(house, sign_in) -> None:
    page = sign_in("vera").get(f"/vehicles/{house.van.pk}/today/", headers=HTMX)
    assert "No position today." in page.content.decode()
    assert sign_in("mallory").get(f"/vehicles/{house.van.pk}/today/", headers=HTMX).status_code == 404


def test_htmx_gets_the_fragment_and_a_browser_the_page(house, sign_in) -> None:
    vera = sign_in("vera")
    assert "<html" not in drawer(vera, house)
    assert "<html" in vera.get(f"/vehicles/{house.van.pk}/").content.decode()


def test_names_are_text(house, sign_in) -> None:
    Vehicle.objects.filter(pk=house.van.pk).update(name="<b>Van</b>", plate="<i>")
    Driver.objects.update(name='"><script>')
    page = drawer(sign_in("bob"), house)
    for markup in ("<b>Van", "<script>", "<i>"):
        assert markup not in page


@pytest.mark.parametrize("pk", ["0", "99999999", "9" * 30])
def test_an_unknown_vehicle_is_404(house, sign_in, pk) -> None:
    answer = sign_in("alice").get(f"/vehicles/{pk}/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


def export(client, house, **query: str):
    return client.get(f"/vehicles/{house.van.pk}/export", query)


@time_machine.travel("2026-11-23T10:00:00Z", tick=False)
def test_last_hours_end_now(house, sign_in) -> None:
    where = urlsplit(export(sign_in("bob"), house, last="8", format="gpx")["Location"])
    assert where.path == f"/api/vehicles/{house.van.pk}/track.gpx"
    assert parse_qs(where.query) == {"from": ["2026-11-23T02:00:00.000Z"], "to": ["2026-11-23T10:00:00.000Z"]}


def test_a_range_is_on_the_clocks_of_the_reader(house, sign_in) -> None:
    period = {"from": "2026-11-22T06:00", "to": "2026-11-22T18:00", "zone": "Europe/Berlin"}
    where = urlsplit(export(sign_in("bob"), house, last="range", format="csv", **period)["Location"])
    assert parse_qs(where.query)["from"] == ["2026-11-22T05:00:00.000Z"]


@pytest.mark.parametrize(
    "query",
    [
        {"last": "range", "format": "csv"},
        {"last": "range", "format": "csv", "from": "2026-11-22T18:00", "to": "2026-11-22T06:00"},
        {
            "last": "range",
            "format": "csv",
            "from": "2026-11-22T06:00",
            "to": "2026-11-22T18:00",
            "zone": "../etc",
        },
        {"last": "1", "format": "exe"},
        {"last": "7", "format": "csv"},
        {},
    ],
)
def test_a_period_that_makes_no_sense_is_explained(house, sign_in, query) -> None:
    answer = export(sign_in("bob"), house, **query)
    assert answer.status_code == 400
    assert "Back" in answer.content.decode()


def test_an_open_alert_is_its_state(house, latest, sos, sign_in) -> None:
    assert "state-alarm" in drawer(sign_in("vera"), house)


def test_now_is_now(house, latest, sign_in) -> None:
    """The recorded fix is long past: the vehicle is offline, whatever its last speed was."""
    assert timezone.now().timestamp() * 1000 - T0 > 3_600_000
    page = drawer(sign_in("vera"), house)
    assert "state-offline" in page
    assert "54 km/h" not in page
