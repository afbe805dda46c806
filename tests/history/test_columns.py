"""Arrays of fixes: the same distances, the same devices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.history.rows import T0
from tracking import geo
from tracking.history.columns import metres, read_all

places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places, st.sampled_from((1e-6, 1e-3, 0.04, 1.0)))
def test_distances_are_those_of_one_pair(
    a: tuple[float, float], b: tuple[float, float], share: float
) -> None:
    """Near and far, over the pole and the antimeridian."""
    latitude, longitude = (x + share * (y - x) for x, y in zip(a, b, strict=True))
    for there in ((latitude, longitude), (latitude, (longitude + 360 * share) % 360 - 180)):
        one = geo.metres(*a, *there)
        [many] = metres(*(np.array([value]) for value in (*a, *there)))
        assert many == pytest.approx(one, rel=2e-6, abs=1e-3)


@pytest.mark.django_db
def test_the_database_gives_what_was_stored_to_the_edges_of_what_a_device_may_say() -> None:
    from tracking.models import Device, Fleet, Position, Vehicle

    vehicle = Vehicle.objects.create(fleet=Fleet.objects.create(slug="north", name="North"), name="Van 7")
    device = Device.objects.create(uid="van-7", vehicle=vehicle)
    stored = [
        (90.0, 180.0, 10_000.0, 100_000_000.0),
        (-90.0, -180.0, 0.0, 0.0),
        (57.7089001, 11.9746002, 13.8889, 4.56),
        (-0.0000001, 0.0000001, 0.0001, 0.01),
        (0.0, 0.0, None, None),
        (57.70890014999, 11.97460015, 13.88888888, 4.555),
    ]
    Position.objects.bulk_create(
        Position(
            vehicle=vehicle, device=device, time=T0 + at, received=T0 + at,
            latitude=latitude, longitude=longitude, speed=speed, accuracy=accuracy,
        )
        for at, (latitude, longitude, speed, accuracy) in enumerate(stored)
    )  # fmt: skip
    found = read_all(vehicle.pk, start_ms=T0, end_ms=T0 + len(stored))
    assert found.time.tolist() == [T0 + at for at in range(len(stored))]
    assert set(found.device.tolist()) == {device.pk}
    for kept, column in zip(zip(*stored, strict=True), (found.latitude, found.longitude), strict=False):
        assert column.tolist()[:5] == list(kept[:5])
    assert found.speed.tolist()[:4] == [line[2] for line in stored[:4]]
    assert np.isnan(found.speed).tolist() == [False] * 4 + [True, False]
    assert found.accuracy.tolist()[:5] == [100_000_000.0, 0.0, 4.56, 0.01, 0.0]
    # Finer than the steps in which SQLite sends them: the nearest.
    fine = [column[5] for column in (found.latitude, found.longitude, found.speed, found.accuracy)]
    for value, given_, step in zip(fine, stored[5], (1e-7, 1e-7, 1e-4, 1e-2), strict=True):
        assert value == pytest.approx(given_, rel=0, abs=step / 2 * 1.001)
