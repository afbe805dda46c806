"""The time machine: where everybody was at a moment, as a plain search of all fixes finds it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.tracking.conftest import T0, van  # noqa: F401 (a fixture)
from tracking.fixes import EPOCH, MILLISECOND, Fix
from tracking.history import past
from tracking.history.columns import PRIMARY_SILENT_MS, Columns, shown

pytestmark = pytest.mark.database


def fix(second: float, *, latitude: float = 57.7, alarm: str | None = None) -> Fix:
    time = T0 + int(second * 1000)
    return Fix(time, latitude, 11.9, 5.0, 90.0, 3.0, 4.0, 87.0, True, None, alarm, None)


def heard(van: SimpleNamespace, device: str, *fixes: Fix, vehicle: int | None = None) -> None:  # noqa: F811
    from tracking import archive, journal

    pk = getattr(van, device).pk
    archive.store([journal.Fixes(vehicle or van.vehicle.pk, pk, fix.time + 210, [fix]) for fix in fixes])


def test_the_last_fix_up_to_then_in_the_shape_of_the_live_map(van):  # noqa: F811
    heard(van, "device", *(fix(t, latitude=57 + t / 100) for t in range(0, 100, 10)))
    found = past.state_at([van.vehicle.pk], T0 + 59_999)
    assert found.items == [
        [van.vehicle.pk, T0 + 50_000, 57.5, 11.9, 5.0, 90.0, 87.0, None, True, 4.0, T0 + 50_210]
    ]
    assert found.intervals == {van.vehicle.pk: 10.0}
    assert found.online == [van.vehicle.pk]
    exactly = past.state_at([van.vehicle.pk], T0 + 60_000)
    assert exactly.items[0][1] == T0 + 60_000
    assert past.state_at([van.vehicle.pk], T0 - 1) == past.Past([], {}, [])
    assert past.state_at([], T0) == past.Past([], {}, [])
    much_later = past.state_at([van.vehicle.pk], T0 + 90_000 + past.FRESH_MS + 1)
    assert (much_later.items[0][1], much_later.online) == (T0 + 90_000, [])


def test_who_reports_every_hour_is_fresh_for_two(van):  # noqa: F811
    heard(van, "device", *(fix(3600 * t) for t in range(4)))
    last = T0 + 3 * 3_600_000
    assert past.state_at([van.vehicle.pk], last + 7_000_000).online == [van.vehicle.pk]
    assert past.state_at([van.vehicle.pk], last + 7_300_000).online == []


times = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(("device", "phone"))), max_size=25, unique=True
)


@given(fixes=times, at=st.integers(-10, 420))
@example(fixes=[(0, "device"), *((second, "phone") for second in range(1, 122))], at=120)
@example(fixes=[(0, "device"), *((second, "phone") for second in range(1, 122))], at=121)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_device_that_the_live_map_would_have_shown(van, fixes, at):  # noqa: F811
    from tracking.models import Latest, Position, Segment

    for model in (Position, Latest, Segment):
        model.objects.all().delete()
    for second, device in fixes:
        heard(van, device, fix(second))
    known = [(T0 + s * 1000, device) for s, device in fixes if s <= at]
    found = past.state_at([van.vehicle.pk], T0 + at * 1000).items
    if not known:
        assert found == []
        return
    newest = max(time for time, _ in known)
    primary = max((time for time, device in known if device == "device"), default=None)
    usable = primary is not None and newest - primary <= PRIMARY_SILENT_MS
    assert [item[1] for item in found] == [primary if usable else newest]


def test_a_move_of_a_device_is_seen_in_the_past(van):  # noqa: F811
    from tracking import devices
    from tracking.models import Vehicle

    other = Vehicle.objects.create(fleet=van.fleet, name="Van 8")
    heard(van, "device", *(fix(t) for t in range(0, 100, 10)))
    devices.move(van.device, other, at=EPOCH + (T0 + 50_000) * MILLISECOND)
    both = [van.vehicle.pk, other.pk]
    assert [(i[0], i[1]) for i in past.state_at(both, T0 + 45_000).items] == [(both[0], T0 + 40_000)]
    assert {i[0]: i[1] for i in past.state_at(both, T0 + 75_000).items} == {
        both[0]: T0 + 40_000,
        both[1]: T0 + 70_000,
    }


def test_alerts_that_were_open_then(van):  # noqa: F811
    from tracking.models import Alert

    heard(van, "device", fix(0), fix(10, alarm="sos"), fix(20, alarm="tow"))
    taken = EPOCH + (T0 + 60_000) * MILLISECOND
    Alert.objects.filter(kind="sos").update(status=Alert.Status.ACKNOWLEDGED, at=taken)
    pk = van.vehicle.pk
    assert [past.alerts_at([pk], T0 + s * 1000) for s in (9, 10, 59, 60)] == [{}, {pk: 1}, {pk: 2}, {pk: 1}]
    assert past.alerts_at([pk + 1], T0 + 30_000) == {}


# --- playing -------------------------------------------------------------------------------------


def test_tracks_are_thinned_and_say_so(van, monkeypatch):  # noqa: F811
    heard(van, "device", *(fix(t) for t in range(60)))
    step, found = past.tracks([van.vehicle.pk], T0, T0 + 60_000)
    [track] = found.values()
    assert step == 5000
    assert (track["time"] - T0).tolist() == list(range(0, 60_000, 5000))
    assert {len(column) for column in track.values()} == {12}
    monkeypatch.setattr(past, "MAX_POINTS", 4)
    step, found = past.tracks([van.vehicle.pk], T0, T0 + 60_000)
    assert (step, len(found[van.vehicle.pk]["time"])) == (15_000, 4)
    assert past.tracks([van.vehicle.pk], T0 - 9, T0)[1] == {}
    assert past.tracks([], T0, T0 + 9)[1] == {}


def test_a_track_has_the_decimals_that_say_something_on_every_database(van):  # noqa: F811
    fine = {"latitude": 57.123456789, "longitude": -179.987654321, "speed": 13.88888888, "heading": 271.126}
    heard(van, "device", replace(fix(0), **fine), replace(fix(10), speed=None, heading=None))
    track = past.tracks([van.vehicle.pk], T0, T0 + 60_000)[1][van.vehicle.pk]
    first = {name: track[name][0] for name in ("lat", "lon", "speed", "heading")}
    assert first == {"lat": 57.1234568, "lon": -179.9876543, "speed": 13.8889, "heading": 271.13}
    assert np.isnan([track["speed"][1], track["heading"][1]]).all()


@given(fixes=times)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_track_to_play_is_of_the_device_that_is_shown(van, fixes):  # noqa: F811
    from tracking.models import Latest, Position, Segment, Vehicle

    for model in (Position, Latest, Segment):
        model.objects.all().delete()
    other, _ = Vehicle.objects.get_or_create(fleet=van.fleet, name="Van 8")
    for vehicle in (van.vehicle.pk, other.pk):  # the second one's silence is its own
        for second, device in fixes:
            heard(van, device, fix(second * 5), vehicle=vehicle)
    _, found = past.tracks([van.vehicle.pk, other.pk], T0, T0 + 2_000_001)
    pairs = sorted((T0 + s * 5000, getattr(van, device).pk) for s, device in fixes)
    columns: list[Any] = [np.array([pair[n] for pair in pairs]) for n in (0, 0, 0, 0, 0, 1)]
    every = Columns(*columns)
    wanted = sorted(set(shown(every, {van.device.pk}).time.tolist()))
    assert [found[pk]["time"].tolist() for pk in sorted(found)] == ([wanted] * 2 if fixes else [])
