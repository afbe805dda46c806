"""The history page's figures: shape, gaps, stops, outliers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.history import columns, outline
from tracking.history.columns import Columns
from tracking.history.day import anchors, summary
from tracking.history.outliers import GROUP, outliers, top_speed
from tracking.history.tracks import runs

T0 = 1_763_884_800_000
DEGREE_M = 111_195.08
Fix = tuple[int, float, float, float | None, float | None, int]


def fix(second: float, north: float = 0.0, speed: float | None = None, **more: float) -> Fix:
    """So many metres north of the depot."""
    longitude = 12.0 + more.get("east", 0.0) / DEGREE_M / np.cos(np.radians(57.7))
    return T0 + int(second * 1000), 57.7 + north / DEGREE_M, longitude, speed, more.get("accuracy"), 1


def drive(seconds: int, *, step: int = 10, speed: float = 15.0) -> list[Fix]:
    return [fix(t, speed * t, speed) for t in range(0, seconds, step)]


def wrong(fixes: list[Fix]) -> list[int]:
    return np.flatnonzero(outliers(columns.of(fixes))).tolist()


def metres(fixes: Columns) -> float:
    kept = fixes.without(outliers(fixes))
    return summary(kept, anchors(kept)).metres


# --- outliers ------------------------------------------------------------------------------------


@given(
    count=st.integers(4, 40),
    at=st.integers(0, 39),
    length=st.integers(1, GROUP),
    far=st.floats(20_000, 5_000_000),
)
def test_a_few_bad_fixes_add_nothing_wherever_they_are(count: int, at: int, length: int, far: float) -> None:
    fixes = drive(count * 10)
    at = at % count
    # At the edges of the range only one fix can be told from a vehicle that went away.
    if at == 0 or at + length >= count:
        length = 1
    for number in range(at, at + length):
        fixes[number] = fix(number * 10, 15.0 * number * 10 + far, 15.0)
    assert wrong(fixes) == list(range(at, at + length))
    assert metres(columns.of(fixes)) <= 15.0 * count * 10


def test_whoever_really_went_far_is_believed() -> None:
    by_train = [*drive(100), *(fix(3700 + t, 300_000 + 15.0 * t, 15.0) for t in range(0, 100, 10))]
    assert wrong(by_train) == []
    assert metres(columns.of(by_train)) == pytest.approx(300_000 + 15 * 90, rel=1e-3)
    # Carried to another place while switched off for ten minutes, faster than can be: both places stay.
    moved = [*drive(100), *(fix(700 + t, 900_000 + 15.0 * t, 15.0) for t in range(0, 100, 10))]
    assert wrong(moved) == []


def test_a_plane_that_says_so_is_no_outlier() -> None:
    assert wrong([fix(t, 250.0 * t, 250.0) for t in range(0, 600, 10)]) == []


def test_a_fix_that_admits_its_error_is_no_outlier_and_no_way() -> None:
    fixes = [fix(t, 0, 0.0) for t in range(0, 200, 10)]
    fixes[7] = fix(70, 30_000, 0.0, accuracy=40_000)
    assert wrong(fixes) == []
    assert metres(columns.of(fixes)) == 0


def test_across_the_antimeridian_and_at_the_pole_nobody_jumps() -> None:
    fixes: list[Fix] = [
        (T0 + t * 10_000, 65.0, (179.99 + t * 0.001 + 180) % 360 - 180, 5.0, None, 1) for t in range(20)
    ]
    assert wrong(fixes) == []
    assert metres(columns.of(fixes)) < 1000
    around: list[Fix] = [
        (T0 + t * 10_000, 89.9999, (t * 40 + 180) % 360 - 180, 5.0, None, 1) for t in range(20)
    ]
    assert wrong(around) == []


@pytest.mark.parametrize(("spike", "top"), [(70.0, 15.0), (35.0, 35.0)])
def test_a_speed_that_its_neighbours_belie_is_not_the_top_speed(spike: float, top: float) -> None:
    fixes = drive(300)
    fixes[12] = (*fixes[12][:3], spike, *fixes[12][4:])
    assert top_speed(columns.of(fixes)) == top
    assert top_speed(columns.of([fix(0, 0, spike)])) == spike  # nobody contradicts it
    assert top_speed(columns.of([fix(0), fix(10)])) is None


# --- gaps ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4_000_000), max_size=60))
def test_gaps_are_those_of_the_exports(intervals: list[int]) -> None:
    times = np.cumsum([T0, *intervals])
    rows = [(time,) for time in times.tolist()]
    starts = [part[0][0] for begins, part in runs([rows]) if begins]  # type: ignore[list-item]
    assert [int(times[at + 1]) for at in outline.gaps(times)] == starts[1:]


# --- the outline ---------------------------------------------------------------------------------


def outlined(fixes: list[Fix], most: int) -> tuple[Columns, outline.Outline, np.ndarray]:
    made = columns.of(fixes)
    places, breaks = anchors(made), outline.gaps(made.time)
    stops = summary(made, places).stops
    return made, outline.outline(made, breaks=breaks, places=places, stops=stops, most=most), breaks


def test_what_fits_is_shown_whole() -> None:
    made, found, _ = outlined(drive(1000), 100)
    assert (found.shown.tolist(), found.tolerance) == (list(range(100)), None)


def town(count: int = 20_000, *, seed: int = 1) -> list[Fix]:
    """A day in town: corners, a lunch, an hour without a network, two bursts of speed."""
    chance = np.random.default_rng(seed)
    north = east = 0.0
    fixes, second = [], 0
    for number in range(count):
        second += 3600 if number == 15_000 else 5
        standing = 8000 <= number < 9000
        speed = 0.0 if standing else 30.0 if number in (4000, 17_000) else 10.0
        turn = number // 60 % 4
        north += speed * 5 * (0, 1, 0, -1)[turn] * (1 + number / count)
        east += speed * 5 * (1, 0, 1, 0)[turn]
        noise = chance.normal(0, 3, 2)
        fixes.append(fix(second, north + noise[0], speed, east=east + noise[1]))
    return fixes


def test_an_outline_keeps_ends_gaps_stops_and_speeds_and_its_tolerance() -> None:
    made, found, breaks = outlined(town(), 1000)
    shown = set(found.shown.tolist())
    assert 200 < len(shown) <= 1000
    assert breaks.tolist() == [14_999]
    assert {0, 19_999, 14_999, 15_000, 4000, 17_000} <= shown
    [stop] = summary(made, anchors(made)).stops
    times = set(made.time[found.shown].tolist())
    assert {stop.begin, stop.end} <= times
    assert found.tolerance is not None
    assert found.tolerance < 40
    # Every fix left out while it drove is as near to the line drawn as it says.
    y = (made.latitude - 57.7) * DEGREE_M
    for number in anchors(made).tolist()[::7]:
        after = int(np.searchsorted(found.shown, number))
        if found.shown[after] != number:
            a, b = found.shown[after - 1], found.shown[after]
            x = made.longitude * DEGREE_M * np.cos(np.radians(made.latitude[number]))
            way = np.array([x[b] - x[a], y[b] - y[a]])
            there = np.array([x[number] - x[a], y[number] - y[a]])
            share = np.clip(there @ way / max(way @ way, 1e-9), 0, 1)
            assert np.hypot(*(there - share * way)) <= found.tolerance * 1.02 + 0.1


def test_a_standing_vehicle_draws_no_star() -> None:
    chance = np.random.default_rng(3)
    fixes = [fix(10 * t, chance.normal(0, 6), 0.0, east=chance.normal(0, 6)) for t in range(20_000)]
    _, found, _ = outlined(fixes, 1000)
    assert len(found.shown) <= 260


def test_more_gaps_than_can_be_shown_still_end() -> None:
    fixes = [fix(t * 5 + t // 10 * 7200, 15.0 * t, 15.0) for t in range(20_000)]
    made, found, breaks = outlined(fixes, 1000)
    assert len(breaks) == 1999
    assert set(breaks.tolist()) <= set(found.shown.tolist())


@pytest.mark.parametrize("most", [100, 5000])
def test_an_endless_zigzag_is_outlined(most: int) -> None:
    fixes = [fix(t, (-1) ** t * t * 0.1, 3.0, east=0.01 * t) for t in range(30_000)]
    _, found, _ = outlined(fixes, most)
    assert len(found.shown) <= most * 1.2
