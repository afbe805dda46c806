import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking import fixes
from tracking.simulation import driving, roads
from tracking.simulation.driving import ROUND_S, ROUNDS, Itinerary

STREETS = roads.load(Path("/nonexistent"))
NOW = 1_795_000_000_000
HOUR = 3_600_000


def itinerary(seed: int = 1, **options: bool) -> Itinerary:
    return Itinerary(seed, STREETS, depot=seed % 100, places=list(range(100, 400, 7)), **options)


VANS = [itinerary(seed) for seed in range(3)]


@given(st.sampled_from(VANS), st.integers(NOW - 3 * ROUNDS * ROUND_S * 1000, NOW))
@settings(max_examples=200, deadline=None)
def test_no_vehicle_jumps_or_speeds_up_like_a_rocket(van: Itinerary, time_ms: int) -> None:
    now, later = van.state(time_ms), van.state(time_ms + 1000)
    moved = roads.metres(now.place, later.place)
    assert moved <= max(now.speed, later.speed, 1) * 1.5 + 0.5
    assert abs(later.speed - now.speed) <= driving.BRAKING + 0.01
    assert 0 <= now.speed <= 31
    # Odometer and place agree; a bend is cut by the straight line between the two.
    assert -1e-6 <= later.driven - now.driven <= moved * 1.6 + 1


@given(st.sampled_from(VANS), st.integers(0, HOUR), st.integers(1, HOUR))
@settings(max_examples=50, deadline=None)
def test_history_and_live_meet_without_a_gap_or_a_doubled_fix(
    van: Itinerary, start: int, length: int
) -> None:
    middle, end = NOW - start, NOW - start + length
    begin = middle - length
    whole = list(van.times(begin, end))
    assert [*van.times(begin, middle), *van.times(middle, end)] == whole
    assert {b - a for a, b in itertools.pairwise(whole)} <= {van.interval_ms}
    assert all(begin <= time_ms < end for time_ms in whole)


def test_the_same_seed_is_the_same_day_and_another_is_another() -> None:
    times = VANS[0].times(NOW - 8 * HOUR, NOW)[::50]
    day = [VANS[0].fix(time_ms) for time_ms in times]
    # Asked in another order, by an instance that knows nothing yet.
    again = itinerary(0)
    assert [again.fix(time_ms) for time_ms in reversed(times)] == day[::-1]
    assert [VANS[1].fix(time_ms) for time_ms in times] != day


def test_a_day_has_stops_of_two_to_fifteen_minutes() -> None:
    van = VANS[0]
    stands: list[int] = []
    for is_still, group in itertools.groupby(
        range(NOW - 8 * HOUR, NOW, 1000), lambda ms: van.state(ms).speed == 0
    ):
        if is_still:
            stands.append(len(list(group)))
    stops = [seconds for seconds in stands if seconds >= 120]
    assert len(stops) >= 4 * 5
    assert all(seconds <= 900 for seconds in sorted(stops)[:-5])  # the longest ones are at the depot


def test_a_bend_is_driven_slower_than_a_straight_road() -> None:
    line = [(12.0, 57.70), (12.01, 57.70), (12.02, 57.70), (12.02, 57.71)]
    edge = roads.Edge(0, 1, 1800.0, 20.0, "secondary", tuple(line))
    leg = driving.drive([edge], STREETS, random.Random(1))
    at = {round(leg.at(seconds).driven): leg.at(seconds).speed for seconds in range(int(leg.seconds))}
    straight = max(speed for driven, speed in at.items() if 500 < driven < 700)
    corner = min(speed for driven, speed in at.items() if abs(driven - leg.reached[2]) < 12)
    assert straight == pytest.approx(20, abs=0.5)
    assert corner < 9


def test_only_edges_of_the_roads_are_driven() -> None:
    van = VANS[0]
    edges = {(edge.start, edge.end) for out in STREETS.out for edge in out}
    way = STREETS.route(3, 500)
    assert all((edge.start, edge.end) in edges for edge in way)
    ends = {point for edges in STREETS.out for edge in edges for point in edge.line}
    for which in range(ROUNDS):
        for leg in van._round(which).legs:
            assert not isinstance(leg, driving.Leg) or set(leg.line) <= ends


def test_a_parked_vehicle_stays() -> None:
    parked = itinerary(7, stays=True)
    assert len({parked.state(time_ms).place for time_ms in range(NOW - HOUR, NOW, 60_000)}) == 1
    assert parked.fix(NOW)["ignition"] is False


@pytest.mark.parametrize("van", VANS, ids=range(len(VANS)))
def test_the_server_takes_every_fix_as_it_is(van: Itinerary) -> None:
    items = [van.fix(time_ms) for time_ms in van.times(NOW - HOUR, NOW)]
    batch = fixes.decode_items(items, clock=fixes.Clock(), received=NOW)
    assert not batch.rejections
    assert [fix.time for fix in batch.fixes] == [item["time"] for item in items]
    assert not any(fix.attributes for fix in batch.fixes)
