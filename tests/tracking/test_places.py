"""Where, in words."""

import json
import math
import random
import time

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tracking import places
from tracking.places import Cities, City, Streets, words


def town(name: str, lat: float, lon: float, people: int = 20_000) -> City:
    return City(name=name, latitude=lat, longitude=lon, population=people)


@pytest.fixture
def no_streets(monkeypatch) -> None:
    monkeypatch.setattr(places, "_streets", lambda: Streets([]))


@pytest.mark.parametrize(
    ("lat", "lon", "said"),
    [
        (57.9303, 12.5330, "in Alingsås"),
        (57.9500, 12.5600, "3 km NE of Alingsås"),
        (57.9300, 12.6200, "5 km E of Alingsås"),
        (57.8900, 12.5335, "4 km S of Alingsås"),
        (57.7072, 11.9668, "in Gothenburg"),
        (52.5200, 13.4050, "in Berlin"),  # not "in Mitte", whose centre is nearer
    ],
)
def test_the_nearest_city_and_where_from_it(no_streets, lat, lon, said) -> None:
    assert words(lat, lon) == said


def test_miles(no_streets) -> None:
    assert words(57.93, 12.62, imperial=True) == "3 mi E of Alingsås"


@pytest.mark.parametrize(
    ("lat", "lon", "wind"), [(90.0, 12.0, "N"), (-90.0, -77.0, "S"), (0.0, 180.0, "E"), (0.0, -180.0, "E")]
)
def test_poles_and_the_date_line_are_places(no_streets, lat, lon, wind) -> None:
    assert f" km {wind} of " in words(lat, lon)


def test_the_date_line_is_no_border() -> None:
    cities = Cities([town("West", -17.7, 179.9), town("East", -17.7, -179.0)])
    name, metres, bearing = cities.nearest(-17.7, -179.9)
    assert (name, round(bearing)) == ("West", 90)
    assert metres == pytest.approx(21_185, rel=0.001)


def test_over_the_pole_is_the_short_way() -> None:
    cities = Cities([town("Here", 89.0, 0.0), town("Far", 80.0, 180.0)])
    name, metres, bearing = cities.nearest(89.5, 180.0)
    assert name == "Here"
    assert metres == pytest.approx(math.radians(1.5) * places.EARTH_M)
    assert bearing % 360 == pytest.approx(0, abs=1e-6)


@given(
    st.lists(st.tuples(st.floats(-89, 89), st.floats(-180, 180)), min_size=1, max_size=30),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
def test_no_other_city_is_nearer(around, place) -> None:
    cities = Cities([town(str(number), lat, lon) for number, (lat, lon) in enumerate(around)])
    _, metres, bearing = cities.nearest(*place)
    least = min(_haversine(place, city) for city in around)
    assert metres == pytest.approx(least, abs=1) or max(metres, least) <= places.CITY_M
    assert 0 <= bearing <= 360


def _haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat1, lon1), (lat2, lon2) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    part = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * places.EARTH_M * math.asin(math.sqrt(min(1, part)))


def test_a_street_is_said_only_beside_it() -> None:
    streets = Streets(
        [("Long Street", [(11.0, 57.7), (11.02, 57.7)]), ("High Road", [(11.0, 57.71), (11.02, 57.71)])]
    )
    beside = places.STREET_M / 111_195
    assert streets.nearest(57.7 + 0.9 * beside, 11.01) == "Long Street"
    assert streets.nearest(57.7 + 1.1 * beside, 11.01) == ""
    assert streets.nearest(57.7096, 11.01) == "High Road"
    assert streets.nearest(89.9, 11.01) == ""


def test_a_street_is_near_on_the_ground_not_in_degrees() -> None:
    # At 60° north a degree of longitude is half as long as one of latitude.
    east, north = (10.001, 59.99), (10.0, 60.0006)
    streets = Streets([("East", [east, (10.001, 60.01)]), ("North", [(9.99, north[1]), (10.0005, north[1])])])
    assert streets.nearest(60.0, 10.0) == "East"


def test_the_street_comes_before_the_city(settings, tmp_path, monkeypatch) -> None:
    collection = {
        "features": [
            {"properties": {"name": "Kungsgatan", "highway": "residential"},
             "geometry": {"type": "LineString", "coordinates": [[11.96, 57.7], [11.97, 57.7]]}},
            {"properties": {"n": "E 20"},
             "geometry": {"type": "MultiLineString", "coordinates": [[[11.96, 57.71], [11.97, 57.71]]]}},
            {"properties": None,
             "geometry": {"type": "LineString", "coordinates": [[12.5, 57.9], [12.6, 57.9]]}},
            {"properties": {"name": "A place"}, "geometry": {"type": "Point", "coordinates": [11.9, 57.7]}},
            {"properties": {"name": "Nowhere"}, "geometry": None},
        ]
    }  # fmt: skip
    path = tmp_path / "roads.json"
    path.write_text(json.dumps(collection))
    streets = Streets(places.read(path))
    monkeypatch.setattr(places, "_streets", lambda: streets)
    assert words(57.7001, 11.965) == "Kungsgatan"
    assert words(57.7101, 11.965) == "E 20"
    assert words(57.9000, 12.53345) == "3 km S of Alingsås"


def test_a_town_that_is_added_is_known_soon(settings, tmp_path, monkeypatch) -> None:
    settings.BASEMAP, settings.TOWNS = tmp_path / "basemap", tmp_path / "towns"
    clock = iter((0.0, places.CHECK_S / 2, places.CHECK_S, 2 * places.CHECK_S))
    monkeypatch.setattr("tracking.places.time.monotonic", lambda: next(clock))
    assert words(57.93, 12.5334) == "in Alingsås"
    line = {"type": "LineString", "coordinates": [[12.53, 57.93], [12.54, 57.93]]}
    added = settings.TOWNS / "alingsas"
    added.mkdir(parents=True)
    (added / "roads.json").write_text(
        json.dumps({"features": [{"properties": {"n": "Storgatan"}, "geometry": line}]})
    )
    assert words(57.93, 12.5334) == "in Alingsås"
    assert words(57.93, 12.5334) == "Storgatan"
    places._read_all.cache_clear()
    places._files.cache_clear()


SHORT = {"properties": {"n": "x"}, "geometry": {"type": "LineString", "coordinates": [[1], [2]]}}


@pytest.mark.parametrize("content", [None, "", "[]", '{"features": 3}', json.dumps({"features": [SHORT]})])
def test_a_broken_or_missing_file_names_no_street(tmp_path, content) -> None:
    path = tmp_path / "roads.json"
    if content is not None:
        path.write_text(content)
    assert list(places.read(path)) == []


@pytest.mark.parametrize(("lat", "lon"), [(90.1, 0.0), (0.0, 180.1), (math.nan, 0.0), (0.0, math.inf)])
def test_what_is_not_on_earth_is_refused(lat, lon) -> None:
    with pytest.raises(ValueError, match="not on Earth"):
        words(lat, lon)


def test_the_language_is_the_readers_and_stays_the_callers(no_streets) -> None:
    with translation.override("fr"):
        assert words(57.93, 12.533, language="en") == "in Alingsås"
        assert translation.get_language() == "fr"


def test_a_lookup_is_quick(no_streets) -> None:
    words(0, 0)
    chance = random.Random(1)
    around = [(chance.uniform(55, 60), chance.uniform(11, 16)) for _ in range(500)]
    best = min(_seconds(around) for _ in range(5))
    assert best / len(around) < 0.0005  # 40 µs on a quiet machine


def _seconds(around: list[tuple[float, float]]) -> float:
    start = time.perf_counter()
    for lat, lon in around:
        words(lat, lon)
    return time.perf_counter() - start
