"""What pages tell their scripts."""

import json
import re
from typing import Any

from dashboard import pagedata
from dashboard.models import Profile
from tracking.models import Vehicle


def told(page: bytes) -> dict[str, Any]:
    found = re.search(r'<script id="page-data" type="application/json">(.*?)</script>', page.decode())
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_page_knows_its_readers_settings_and_fleets(house, sign_in) -> None:
    house.north.offline_moving_s = 120
    house.north.save()
    Profile.objects.create(user=house.vera, time_zone="Asia/Shanghai", units="imperial", single_keys=False)
    data = told(sign_in("vera").get("/alerts/").content)
    assert (data["zone"], data["units"], data["single_keys"]) == ("Asia/Shanghai", "imperial", False)
    [north] = data["fleets"]
    assert north == {
        "slug": "north", "name": "North", "role": "viewer",
        "offline_moving_s": 120, "offline_stopped_s": 26 * 3600,
    }  # fmt: skip


def test_who_has_chosen_nothing_has_the_usual(house, sign_in) -> None:
    data = told(sign_in("mallory").get("/alerts/").content)
    assert (data["zone"], data["units"], data["single_keys"], data["dim_filtered"]) == (
        "", "metric", True, False,
    )  # fmt: skip
    assert [(fleet["slug"], fleet["role"]) for fleet in data["fleets"]] == [("south", "manager")]


def test_a_page_knows_whether_its_reader_sees_many_vehicles(house, sign_in, monkeypatch) -> None:
    count = Vehicle.objects.filter(fleet=house.north).count()
    for most, many in ((count, False), (count - 1, True)):
        monkeypatch.setattr(pagedata, "MANY_VEHICLES", most)
        assert told(sign_in("vera").get("/alerts/").content)["many_vehicles"] is many
    monkeypatch.setattr(pagedata, "MANY_VEHICLES", Vehicle.objects.filter(fleet=house.south).count())
    assert told(sign_in("mallory").get("/alerts/").content)["many_vehicles"] is False  # of all there are more


def test_markup_in_a_fleets_name_does_not_end_the_script(house, sign_in) -> None:
    house.north.name = "</script><b>"
    house.north.save()
    page = sign_in("vera").get("/alerts/").content
    assert told(page)["fleets"][0]["name"] == "</script><b>"
    assert b"</script><b>" not in page
