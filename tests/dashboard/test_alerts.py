"""Alarms on the page: the bar, the list, who took them on."""

import pytest
from django.urls import reverse

from tests.dashboard.conftest import HTMX, T0
from tracking.models import Alert


def bar(client) -> str:
    page: str = client.get("/alerts/bar/", headers=HTMX).content.decode()
    return page


def take(client, alert, **form: str):
    return client.post(reverse("acknowledge", args=[alert.pk]), form, headers=HTMX)


def test_the_bar_says_what_when_and_who(house, sos, sign_in) -> None:
    page = bar(sign_in("bob"))
    for words in (
        "SOS",
        "Van 7",
        "08:00",
        "(arrived",
        "08:10",
        "Jan de Vries",
        "tel:+3161234",
        "Acknowledge",
    ):
        assert words in page


def test_no_alert_is_an_empty_bar(house, sign_in) -> None:
    assert "alert-row" not in bar(sign_in("bob"))


def test_an_outsider_sees_nothing_of_it(house, sos, sign_in) -> None:
    mallory = sign_in("mallory")
    assert "Van 7" not in bar(mallory)
    assert "Van 7" not in mallory.get("/alerts/").content.decode()


def test_the_oldest_are_on_top_and_the_rest_is_a_number(house, sign_in) -> None:
    for minute in (3, 1, 4, 2, 5):
        Alert.objects.create(
            vehicle=house.van, kind=f"kind{minute}", time=T0 + minute * 60_000, last_time=T0, received=T0,
            latitude=0.1, longitude=0.1,
        )  # fmt: skip
    page = bar(sign_in("bob"))
    assert page.index("Kind1") < page.index("Kind2") < page.index("Kind3")
    assert "Kind4" not in page
    assert "and 2 more open alerts" in page


def test_acknowledging_keeps_who_when_and_why(house, sos, sign_in) -> None:
    bob = sign_in("bob")
    assert "alert-row" not in take(bob, sos, note="Called him").content.decode()
    sos.refresh_from_db()
    assert (sos.status, sos.by, sos.by_name, sos.note) == ("acknowledged", house.bob, "bob", "Called him")
    assert sos.at is not None
    page = bob.get("/alerts/").content.decode()
    assert "Called him" in page
    assert "bob," in page


def test_who_was_faster_stays(house, sos, sign_in) -> None:
    take(sign_in("bob"), sos)
    assert take(sign_in("alice"), sos).status_code == 200
    sos.refresh_from_db()
    assert sos.by == house.bob


def test_a_viewer_sees_but_does_not_acknowledge(house, sos, sign_in) -> None:
    vera = sign_in("vera")
    page = bar(vera)
    assert "Van 7" in page
    assert "Acknowledge" not in page
    assert take(vera, sos).status_code == 403
    sos.refresh_from_db()
    assert sos.status == "open"


def test_the_page_of_alerts_gets_its_list_back(house, sos, sign_in) -> None:
    url = reverse("acknowledge", args=[sos.pk])
    page = sign_in("bob").post(url, headers={**HTMX, "HX-Target": "div#alert-list"}).content.decode()
    assert 'id="alert-list"' in page
    assert "bob," in page


def test_without_scripts_it_leads_to_the_alerts(house, sos, sign_in) -> None:
    assert sign_in("bob").post(reverse("acknowledge", args=[sos.pk]))["Location"] == "/alerts/"


@pytest.mark.parametrize("field", ["kind", "note", "by_name"])
def test_markup_in_an_alert_is_only_text(house, sos, sign_in, field) -> None:
    Alert.objects.filter(pk=sos.pk).update(status="acknowledged", **{field: "<script>x</script>"})
    assert "<script>x" not in sign_in("bob").get("/alerts/", headers=HTMX).content.decode().lower()
