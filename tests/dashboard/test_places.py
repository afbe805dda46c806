"""GET /api/places."""

import pytest

from dashboard.models import Profile

URL = "/api/places"


def test_places_in_words_in_the_order_asked(house, sign_in) -> None:
    answer = sign_in("vera").get(URL, {"at": ["57.95,12.56", "52.52,13.405"]})
    assert answer.json() == {"places": ["3 km NE of Alingsås", "in Berlin"]}
    assert answer["Cache-Control"] == "private, max-age=3600"
    assert "Accept-Language" in answer["Vary"]
    assert "Cookie" in answer["Vary"]


def test_only_for_who_is_signed_in(client, db) -> None:
    answer = client.get(URL, {"at": "57.95,12.56"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "at", [[], ["57.7"], ["57.7,11.9,3"], ["a,b"], ["nan,0"], ["91,0"], ["0,181"], [""], ["1,1"] * 101]
)
def test_what_is_no_place_is_told(house, sign_in, at) -> None:
    answer = sign_in("vera").get(URL, {"at": at})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


def test_a_hundred_at_once(house, sign_in) -> None:
    assert (
        sign_in("vera").get(URL, {"at": ["57.95,12.56"] * 100}).json()["places"]
        == ["3 km NE of Alingsås"] * 100
    )


def test_in_the_readers_units(house, sign_in) -> None:
    Profile.objects.create(user=house.vera, units=Profile.Units.IMPERIAL)
    assert sign_in("vera").get(URL, {"at": "57.93,12.62"}).json()["places"] == ["3 mi E of Alingsås"]
