"""The drawer of a vehicle, and the way to its track."""

from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from tests.dashboard.conftest import HTMX, T0
from tracking.models import Device, Driver, Latest, Vehicle


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
    where = urlsplit(export(sign_in("vera"), house, last="8", format="gpx")["Location"])
    assert where.path == f"/api/vehicles/{house.van.pk}/track.gpx"
    assert parse_qs(where.query) == {"from": ["2026-11-23T02:00:00.000Z"], "to": ["2026-11-23T10:00:00.000Z"]}


def test_a_range_is_on_the_clocks_of_the_reader(house, sign_in) -> None:
    period = {"from": "2026-11-22T06:00", "to": "2026-11-22T18:00", "zone": "Europe/Berlin"}
    where = urlsplit(export(sign_in("vera"), house, last="range", format="csv", **period)["Location"])
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
    answer = export(sign_in("vera"), house, **query)
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
