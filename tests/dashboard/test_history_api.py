"""The past over HTTP: what a page gets, and that nobody gets another fleet's."""

import gzip
import json
from typing import Any

import pytest

from tests.dashboard.conftest import T0

DEGREE_M = 111_195.08
RANGE = f"from={T0}&to={T0 + 7_200_000}"
pytestmark = pytest.mark.django_db(transaction=True)  # threads of their own read


@pytest.fixture
def driven(house):
    """Van 7: ten minutes of driving, half an hour of silence, a stop of ten minutes; one fix 500 km away."""
    from tracking import archive, journal
    from tracking.fixes import Fix

    device = house.van.devices.get().pk

    def heard(vehicle: int, device: int, second: int, north: float, speed: float, alarm: str | None = None):
        fix = Fix(
            T0 + second * 1000,
            57.7 + north / DEGREE_M,
            12.0,
            speed,
            0.0,
            34.5,
            4.0,
            87.0,
            True,
            None,
            alarm,
            None,
        )
        archive.store([journal.Fixes(vehicle, device, fix.time + 210, [fix])])

    for second in range(0, 600, 10):
        heard(house.van.pk, device, second, 500_000 if second == 300 else 10.0 * second, 10.0)
    for second in range(2400, 3000, 60):
        heard(house.van.pk, device, second, 6000, 0.0)
    heard(house.van.pk, device, 595, 5950, 10.0, "sos")
    heard(house.truck.pk, house.truck.devices.get().pk, 0, 100, 0.0)
    return house


def ask(client, who: Any, url: str) -> Any:
    client.force_login(who)
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_history_of_a_vehicle(client, driven):
    found = ask(client, driven.vera, f"/api/vehicles/{driven.van.pk}/history?{RANGE}")
    assert found["vehicle"] == {
        "id": driven.van.pk, "name": "Van 7", "uid": "van-7", "fleet": "north", "plate": "",
        "icon": "arrow", "colour": "",
    }  # fmt: skip
    assert (found["fixes"], found["shown"], found["simplified"], found["tolerance"]) == (71, 70, False, None)
    assert [len(part["time"]) for part in found["segments"]] == [60, 10]
    first = found["segments"][0]
    assert {name: column[1] for name, column in first.items()} == {
        "time": T0 + 10_000, "lat": 57.7008993, "lon": 12.0, "speed": 10.0, "heading": 0.0, "altitude": 34.5,
        "battery": 87.0,
    }  # fmt: skip
    assert found["gaps"] == [[T0 + 595_000, T0 + 2_400_000]]
    assert found["outliers"] == 1
    assert [fix[0] for fix in found["outlier_fixes"]] == [T0 + 300_000]
    assert found["metres"] == pytest.approx(6000, abs=60)
    assert found["moving_ms"] == 595_000
    assert found["top_speed"] == 10.0
    assert found["stops"] == [
        {"from": T0 + 2_400_000, "to": None, "lat": pytest.approx(57.753959), "lon": 12.0}
    ]
    assert found["completeness"] == {
        "stored": 71, "duplicates": 0, "late": 0, "quarantined": [],
        "longest_gap": [T0 + 595_000, T0 + 2_400_000],
    }  # fmt: skip
    assert found["drivers"] == [{"from": T0, "to": T0 + 7_200_000, "name": "Jan de Vries"}]
    assert "360 km/h" in found["rule"]


def test_a_time_without_fixes_and_with_one(client, driven):
    url = f"/api/vehicles/{driven.van.pk}/history?from={T0 - 1000}&to="
    empty = ask(client, driven.vera, url + str(T0))
    assert (empty["fixes"], empty["segments"], empty["gaps"], empty["stops"]) == (0, [], [], [])
    assert (empty["metres"], empty["top_speed"], empty["completeness"]["longest_gap"]) == (0, None, None)
    one = ask(client, driven.vera, url + str(T0 + 1))
    assert (one["fixes"], one["shown"], one["metres"], one["moving_ms"]) == (1, 1, 0, 0)
    assert one["segments"][0]["time"] == [T0]


def test_it_is_simplified_to_what_is_asked_for_and_says_so(client, driven):
    from tracking import archive, journal
    from tracking.fixes import Fix

    fixes = [
        Fix(
            T0 - 9_000_000 + n * 1000,
            50 + n / 1e4,
            8 + (n % 50) / 1e4,
            12.0,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
        )
        for n in range(2000)
    ]
    archive.store([journal.Fixes(driven.van.pk, driven.van.devices.get().pk, T0, fixes)])
    url = f"/api/vehicles/{driven.van.pk}/history?from={T0 - 9_000_000}&to={T0 - 1}&most=200"
    found = ask(client, driven.vera, url)
    assert (found["fixes"], found["simplified"]) == (2000, True)
    assert 50 < found["shown"] <= 240
    assert found["tolerance"] > 0
    assert found["completeness"]["late"] == 2000


def test_a_fleet_at_a_moment(client, driven):
    found = ask(client, driven.vera, f"/api/past?at={T0 + 597_000}")
    assert found["at"] == T0 + 597_000
    assert [item[:2] for item in found["items"]] == [[driven.van.pk, T0 + 595_000]]
    assert found["items"][0][7:9] == ["sos", True]
    van = str(driven.van.pk)
    assert (found["alerts"], found["intervals"], found["online"]) == ({van: 1}, {van: 10.0}, [driven.van.pk])
    everybody = ask(client, driven.root, f"/api/past?at={T0 + 597_000}")
    assert {item[0] for item in everybody["items"]} == {driven.van.pk, driven.truck.pk}
    south = ask(client, driven.root, f"/api/past?at={T0 + 597_000}&fleets=south")
    assert {item[0] for item in south["items"]} == {driven.truck.pk}


def test_an_hour_to_play(client, driven):
    found = ask(client, driven.vera, f"/api/past/tracks?from={T0}&to={T0 + 3_600_000}")
    assert (found["from"], found["to"], found["step"]) == (T0, T0 + 3_600_000, 5000)
    [(van, track)] = found["tracks"].items()
    assert (van, len(track["time"]), track["speed"][0]) == (str(driven.van.pk), 71, 10.0)


def test_who_was_here(client, driven):
    url = f"/api/within?{RANGE}&lat=57.7&lon=12&radius=290"
    found = ask(client, driven.root, url)
    assert found["complete"] is True
    assert [(each["name"], each["fixes"], each["nearest"]) for each in found["vehicles"]] == [
        ("Van 7", 3, 0.0),
        ("Truck 1", 1, pytest.approx(100, abs=0.2)),
    ]
    assert (found["vehicles"][0]["first"], found["vehicles"][0]["last"]) == (T0, T0 + 20_000)
    assert [each["name"] for each in ask(client, driven.vera, url)["vehicles"]] == ["Van 7"]


@pytest.mark.parametrize(
    "url",
    [
        "/api/vehicles/{truck}/history?" + RANGE,
        "/api/vehicles/987654321/history?" + RANGE,
        f"/api/past?at={T0}&fleets=south",
        f"/api/past?at={T0}&fleets=north,south",
        f"/api/past?at={T0}&fleets=nowhere",
        f"/api/past/tracks?from={T0}&to={T0}&fleets=south",
        f"/api/within?{RANGE}&lat=57.7&lon=12&radius=300&fleets=south",
    ],
)
def test_what_is_not_ones_own_is_not_there(client, driven, url):
    client.force_login(driven.vera)
    answer = client.get(url.format(truck=driven.truck.pk))
    assert answer.status_code == 404
    assert b"Truck" not in answer.content


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/api/vehicles/{van}/history", "from: is missing"),
        ("/api/vehicles/{van}/history?from=2025-11-23T08:00:00&to=1", "no zone"),
        ("/api/vehicles/{van}/history?from=2&to=1", "to: is before from"),
        ("/api/vehicles/{van}/history?from=1&to=99999999", "at most 8784 hours"),
        (f"/api/vehicles/{{van}}/history?{RANGE}&most=99", "most: a number from 100"),
        ("/api/past", "at: is missing"),
        (f"/api/past/tracks?from={T0}&to={T0 + 3_600_001}", "at most 1 hours"),
        (f"/api/within?{RANGE}&lon=12&radius=300", "lat: a number"),
        (f"/api/within?{RANGE}&lat=nan&lon=12&radius=300", "lat: a number"),
        (f"/api/within?{RANGE}&lat=57&lon=12&radius=1e9", "radius: a number from 1 to 50000"),
    ],
)
def test_what_is_wrong_is_said(client, driven, url, words):
    client.force_login(driven.vera)
    answer = client.get(url.format(van=driven.van.pk))
    assert answer.status_code == 400
    assert words in answer.json()["error"]["detail"]


def test_a_long_answer_is_compressed_for_who_takes_it(client, driven):
    client.force_login(driven.vera)
    url = f"/api/vehicles/{driven.van.pk}/history?{RANGE}"
    plain, small = client.get(url), client.get(url, headers={"Accept-Encoding": "br, gzip"})
    assert small["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain
    assert json.loads(gzip.decompress(small.content)) == plain.json()
    assert len(small.content) < len(plain.content) / 2
    assert plain["Cache-Control"] == "private, no-store"
