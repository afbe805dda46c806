"""Arrays of fixes: the same distances, the same devices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import geo
from tracking.history.columns import metres

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
