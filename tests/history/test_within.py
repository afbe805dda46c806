"""Who was near a place: the boxes may save work, never a visit."""

from math import cos, radians
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.conftest import T0, van  # noqa: F401 (a fixture)
from tracking.fixes import Fix
from tracking.geo import metres
from tracking.history.within import Visit, within

Asked = dict[str, Any]

pytestmark = pytest.mark.database
DEGREE_M = 111_195.08
HOUR: Asked = {"start_ms": T0, "end_ms": T0 + 3_600_000}


def drove(van, places, *, vehicle: int | None = None) -> None:  # noqa: F811
    """(second, latitude, longitude) each."""
    from tracking import archive, journal

    fixes = [
        Fix(
            T0 + int(second * 1000),
            lat,
            (lon + 180) % 360 - 180,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
        )
        for second, lat, lon in places
    ]
    archive.store([journal.Fixes(vehicle or van.vehicle.pk, van.device.pk, T0, fixes)])


def wipe() -> None:
    from tracking.models import Latest, Position, Segment

    for model in (Position, Latest, Segment):
        model.objects.all().delete()


@given(
    places=st.lists(
        st.tuples(st.integers(-100, 3700), st.floats(-0.03, 0.03), st.floats(-0.03, 0.03)),
        min_size=1, max_size=12, unique_by=lambda place: place[0],
    ),
    centre=st.sampled_from(((57.7, 11.97), (0.0, 180.0), (-45.0, -179.995), (84.0, 0.0), (89.99, 100.0))),
    radius=st.sampled_from((50, 300, 3000)),
)  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_fix_inside_is_found(van, places, centre, radius):  # noqa: F811
    wipe()
    lat, lon = centre
    # Five minutes and more apart: no way between them counts.
    spaced = sorted((second * 301, min(90.0, lat + north), lon + east) for second, north, east in places)
    drove(van, spaced)
    hours: Asked = {"start_ms": T0 - 10_000_000, "end_ms": T0 + 1_000_000_000}
    inside = [
        (T0 + int(second * 1000), away)
        for second, latitude, longitude in spaced
        if (away := metres(lat, lon, latitude, (longitude + 180) % 360 - 180)) <= radius
        and hours["start_ms"] <= T0 + second * 1000 < hours["end_ms"]
    ]
    found = within([van.vehicle.pk], latitude=lat, longitude=lon, radius=radius, **hours)
    if not inside:
        assert found == []
        return
    [visit] = found
    assert (visit.vehicle, visit.fixes) == (van.vehicle.pk, len(inside))
    assert (visit.first, visit.last) == (min(t for t, _ in inside), max(t for t, _ in inside))
    assert visit.nearest == pytest.approx(min(away for _, away in inside), abs=0.01)


@pytest.mark.parametrize("at", [(57.7, 11.97), (10.0, 180.0), (10.0, -180.0)])
@pytest.mark.parametrize("begins", [0, 595])  # in one segment, and over the edge of two
def test_passing_between_two_fixes_counts(van, at, begins):  # noqa: F811
    lat, lon = at
    wide = 400 / DEGREE_M / cos(radians(lat))
    drove(van, [(begins, lat + 50 / DEGREE_M, lon - wide), (begins + 20, lat + 50 / DEGREE_M, lon + wide)])
    found = within([van.vehicle.pk], latitude=lat, longitude=lon, radius=100, **HOUR)
    [visit] = found
    assert (visit.fixes, visit.first, visit.last) == (0, visit.first, visit.first)
    assert visit.first == pytest.approx(T0 + (begins + 10) * 1000, abs=2)
    assert visit.nearest == pytest.approx(50, abs=0.5)
    assert within([van.vehicle.pk], latitude=lat, longitude=lon, radius=49, **HOUR) == []


def test_over_a_gap_nobody_passed(van):  # noqa: F811
    wide = 400 / DEGREE_M / cos(radians(57.7))
    drove(van, [(0, 57.7, 11.97 - wide), (301, 57.7, 11.97 + wide)])
    assert within([van.vehicle.pk], latitude=57.7, longitude=11.97, radius=100, **HOUR) == []


def test_the_time_has_a_start_and_an_end_and_only_vehicles_asked_for_are_told(van):  # noqa: F811
    from tracking.models import Vehicle

    other = Vehicle.objects.create(fleet=van.fleet, name="Van 8")
    drove(van, [(t, 57.7, 11.97) for t in range(0, 100, 10)])
    drove(van, [(t, 57.701, 11.97) for t in range(0, 100, 10)], vehicle=other.pk)
    asked: Asked = {"latitude": 57.7, "longitude": 11.97, "radius": 300}
    mine = within([van.vehicle.pk], **asked, start_ms=T0 + 10_000, end_ms=T0 + 50_000)
    assert mine == [Visit(van.vehicle.pk, T0 + 10_000, T0 + 40_000, 0.0, 4)]
    both = within([other.pk, van.vehicle.pk], **asked, **HOUR)
    assert [visit.vehicle for visit in both] == [van.vehicle.pk, other.pk]  # the nearest first
    assert within([van.vehicle.pk], **asked, start_ms=T0 + 50_000, end_ms=T0 + 50_000) == []
    assert within([], **asked, **HOUR) == []
