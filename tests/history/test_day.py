"""What a vehicle did in a day."""

import pytest

from tracking.history import columns
from tracking.history.day import STOP_MS, Day, Stop, anchors, read, summary

T0 = 1_763_884_800_000
DEGREE_M = 111_195.08


Fix = tuple[int, float, float, float | None, float | None, int]


def fix(second: float, metres: float = 0, speed: float | None = None, **more: float) -> Fix:
    """So many metres north of the depot."""
    latitude = 57.7 + metres / DEGREE_M
    return T0 + int(1000 * second), latitude, 12.0, speed, more.get("accuracy"), int(more.get("device", 1))


def add_up(fixes: list[Fix]) -> Day:
    made = columns.of(fixes)
    return summary(made, anchors(made))


def drive(start: int, end: int, *, begin_m: float = 0, speed: float = 10.0, step: int = 10) -> list[Fix]:
    return [fix(t, begin_m + speed * (t - start), speed) for t in range(start, end + 1, step)]


def test_nothing_is_nothing() -> None:
    assert add_up([]) == Day()


def test_a_drive_between_two_stops() -> None:
    fixes = [
        *(fix(t, 0, 0.0) for t in range(0, 600, 60)),
        *drive(600, 1200),
        *(fix(t, 6000, 0.0) for t in range(1260, 2400, 60)),
    ]
    day = add_up(fixes)
    assert day.metres == pytest.approx(6000, rel=1e-3)
    assert day.moving_ms == pytest.approx(600_000, abs=61_000)
    assert day.top_speed == 10.0
    assert (day.first, day.last) == (T0, T0 + 2_340_000)
    assert [(stop.begin, stop.end) for stop in day.stops] == [(T0, T0 + 600_000), (T0 + 1_200_000, None)]


def test_a_red_light_is_no_stop() -> None:
    wait = STOP_MS // 1000 - 20
    fixes = [*drive(0, 300), *(fix(300 + t, 3000, 0.0) for t in range(10, wait, 10))]
    fixes += drive(300 + wait, 600 + wait, begin_m=3000)
    day = add_up(fixes)
    assert day.stops == []
    assert day.metres == pytest.approx(6000, rel=1e-3)


def test_a_receiver_that_wobbles_goes_nowhere() -> None:
    fixes = [fix(10 * t, (-1) ** t * 12, 0.4, accuracy=10) for t in range(360)]
    day = add_up(fixes)
    assert day.metres == 0
    assert day.moving_ms == 0
    assert [(stop.begin, stop.end) for stop in day.stops] == [(T0, None)]


def test_without_speeds_distance_says_who_moves() -> None:
    day = add_up([fix(60 * t, 500 * t) for t in range(11)])
    assert day.metres == pytest.approx(5000, rel=1e-3)
    assert day.moving_ms == 600_000
    assert day.top_speed is None
    assert day.stops == []


def test_nobody_knows_when_it_left_during_a_hole() -> None:
    fixes = [*(fix(t, 0, 0.0) for t in range(0, 600, 60)), fix(7200, 9000, 12.0)]
    day = add_up(fixes)
    assert day.stops == [Stop(T0, T0 + 540_000, fixes[0][1], 12.0)]
    assert day.moving_ms == 0
    assert day.metres == pytest.approx(9000, rel=1e-3)


@pytest.fixture
def two_devices(db):
    from tracking.models import Device, Fleet, Position, Vehicle

    vehicle = Vehicle.objects.create(fleet=Fleet.objects.create(slug="north", name="North"), name="Van 1")
    tracker = Device.objects.create(uid="tracker", vehicle=vehicle)
    phone = Device.objects.create(uid="phone", vehicle=vehicle, primary=False)
    rows = [(tracker, t, 0.0) for t in range(0, 600, 60)] + [(phone, t, 0.01) for t in range(30, 900, 60)]
    for device, second, east in rows:
        time = T0 + 1000 * second
        at = {"time": time, "received": time, "latitude": 57.7, "longitude": 12 + east}
        Position.objects.create(vehicle=vehicle, device=device, speed=0.0, **at)
    return vehicle


@pytest.mark.database
def test_a_second_device_speaks_only_while_the_primary_is_silent(two_devices) -> None:
    day = read(two_devices.pk, start_ms=T0, end_ms=T0 + 600_000)
    assert (day.fixes, day.metres) == (10, 0)
    longer = read(two_devices.pk, start_ms=T0, end_ms=T0 + 900_000)
    assert longer.fixes == 10 + 4
    assert read(two_devices.pk, start_ms=T0 + 900_000, end_ms=T0 + 999_000) == Day()
