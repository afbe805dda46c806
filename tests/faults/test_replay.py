"""A recorded track, played through the real socket of a real server: n distinct times are n rows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import House
from tests.servers import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_n_distinct_times_are_n_rows(house: Callable[..., House], tmp_path: Path, server: str) -> None:
    here = house(server)
    lines = ["longitude,latitude,timestamp,name_id"]
    for n in range(300):  # each time twice, and a pause of a day in the middle
        day = 23 + n // 200
        lines.append(
            f"116.3{n:03},39.9958,2008-04-{day} 16:{n % 200 // 4:02}:{n % 4 // 2 * 30:02},trip-{day}"
        )
    track = tmp_path / "walk.csv"
    track.write_text("\n".join(lines))
    distinct = len({line.split(",")[2] for line in lines[1:]})
    for _ in range(2):  # again: all of it is known
        said = here.manage(
            "replay", str(track), "--uid", "walker", "--speed", "100000", "--url", here.device_url
        )
        assert "acked" in said
    wait_for(here.archived, "an empty journal")
    assert here.rows("SELECT count(*), count(DISTINCT time) FROM tracking_position") == [(distinct, distinct)]
