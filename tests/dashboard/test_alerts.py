"""Alarms on the page: the bar, the list, who took them on."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now

from dashboard.alarms import AlertFilter
from tests.dashboard.conftest import HTMX, T0
from tracking import places
from tracking.models import Alert, Assignment, Driver


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


# --- the bar: who took it, and the sound ----------------------------------------------------


def test_the_bar_says_where_and_who_drove_then(house, sos, sign_in) -> None:
    jan = Driver.objects.create(fleet=house.north, name="Jan Then", phone="+31 6 99")
    Assignment.objects.filter(vehicle=house.van).delete()
    at = datetime.fromtimestamp(T0 / 1000, UTC)
    Assignment.objects.create(
        driver=jan, vehicle=house.van, start=at - timedelta(hours=1), end=at + timedelta(hours=1)
    )
    page = bar(sign_in("bob"))
    assert "Jan Then" in page
    assert "tel:+31699" in page
    assert "Jan de Vries" not in page
    assert places.words(sos.latitude, sos.longitude) in page


def test_every_screen_shows_who_took_it_for_a_while(house, sos, sign_in) -> None:
    take(sign_in("bob"), sos, note="Calling him")
    page = bar(sign_in("alice"))
    assert "alert-row" not in page
    assert "bob took on SOS of Van 7 at" in page
    assert "Calling him" in page
    Alert.objects.update(at=now() - timedelta(seconds=21))
    assert "bob took on" not in bar(sign_in("alice"))


def test_a_stale_tab_is_told_who_was_faster_however_long_ago(house, sos, sign_in) -> None:
    take(sign_in("bob"), sos)
    Alert.objects.update(at=now() - timedelta(hours=3))
    assert "bob took on SOS of Van 7" in take(sign_in("alice"), sos).content.decode()


def test_only_who_may_take_it_on_hears_it(house, sos, sign_in) -> None:
    assert "data-sounds" in bar(sign_in("bob"))
    assert "data-sounds" not in bar(sign_in("vera"))


def test_a_kind_of_alarm_may_be_silent_for_one_person(house, sos, sign_in) -> None:
    bob = sign_in("bob")
    said = {"units": "metric", "sound": "on", "silent_alarms": ["low_battery", "sos"]}
    assert bob.post("/profile/", said).status_code == 302
    assert "data-alert" in bar(bob)
    assert "data-sounds" not in bar(bob)
    assert "data-sounds" in bar(sign_in("alice"))
    bob.post("/profile/", {**said, "silent_alarms": ["low_battery"]})
    assert "data-sounds" in bar(bob)
    assert bob.post("/profile/", {**said, "silent_alarms": ["thunder"]}).status_code == 422


def test_the_sound_is_a_choice_of_each_person(house, sos, sign_in) -> None:
    bob = sign_in("bob")
    assert 'data-sound="on"' in bar(bob)
    answer = bob.post("/alerts/sound/", {"on": "0"}, headers=HTMX).content.decode()
    assert 'data-sound="off"' in answer
    assert 'data-sound="on"' in bar(sign_in("alice"))
    assert 'data-sound="on"' in bob.post("/alerts/sound/", {"on": "1"}, headers=HTMX).content.decode()
    assert bob.get("/alerts/sound/").status_code == 405


# --- the page: filters, paging, closing -----------------------------------------------------


def make(vehicle, kind: str, minutes: int, status: str = "open") -> Alert:
    at = T0 + minutes * 60_000
    return Alert.objects.create(
        vehicle=vehicle, kind=kind, status=status, time=at, last_time=at, received=at,
        latitude=57.95, longitude=12.56, at=None if status == "open" else now(),
    )  # fmt: skip


def listed(client, **query: str) -> list[int]:
    page = client.get("/alerts/", query).content.decode()
    return [int(number) for number in re.findall(r'id="(?:open|done)-(\d+)"', page)]


def test_what_is_not_closed_is_shown_first_the_oldest_open_one_on_top(house, sign_in) -> None:
    closed = make(house.van, "a", 0, "closed")
    taken = make(house.van, "b", 1, "acknowledged")
    young, old = make(house.van, "c", 9), make(house.van, "d", 3)
    bob = sign_in("bob")
    assert listed(bob) == [old.pk, young.pk, taken.pk]
    assert listed(bob, state="open") == [old.pk, young.pk]
    assert listed(bob, state="acknowledged") == [taken.pk]
    assert listed(bob, state="closed") == [closed.pk]
    assert listed(bob, state="all") == [old.pk, young.pk, taken.pk, closed.pk]


def test_filters_by_kind_fleet_vehicle_and_days(house, sign_in) -> None:
    day = 24 * 60
    here = make(house.van, "sos", 0)
    there = make(house.truck, "tow", 2 * day)
    root = sign_in("root")
    assert listed(root, kind="tow") == [there.pk]
    assert listed(root, fleet="north") == [here.pk]
    assert listed(root, vehicle="TRUCK") == [there.pk]
    assert listed(root, **{"from": "2025-11-24"}) == [there.pk]
    assert listed(root, to="2025-11-23") == [here.pk]
    assert listed(root, **{"from": "2025-11-24", "to": "2025-11-24"}) == []
    page = root.get("/alerts/", {"kind": "tow", "fleet": "north"}).content.decode()
    assert "No alert matches." in page
    assert "Clear filters" in page


def test_a_day_is_the_readers(house, sign_in) -> None:
    # 08:00 UTC on the 23rd is 21:00 of that day in Auckland, and 22:00 UTC is the 24th there.
    early, late = make(house.van, "sos", 0), make(house.van, "tow", 14 * 60)
    bob = sign_in("bob")
    with timezone.override("Pacific/Auckland"):
        asked = AlertFilter(QueryDict("from=2025-11-24"), house.bob)
        assert [alert.pk for alert in asked.alerts()] == [late.pk]
    assert listed(bob, **{"from": "2025-11-23"}) == [early.pk, late.pk]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "x"),
        ("kind", "none"),
        ("fleet", "south"),
        ("from", "yesterday"),
        ("page", "99"),
        ("page", "x"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_page_all_the_same(house, sos, sign_in, field, value) -> None:
    assert sign_in("bob").get("/alerts/", {field: value}).status_code == 200


def test_filters_show_nothing_of_other_fleets(house, sos, sign_in) -> None:
    make(house.truck, "tow", 0)
    page = sign_in("bob").get("/alerts/", {"state": "all"}).content.decode()
    for word in ("Truck 1", "South", "south", "Tow"):
        assert word not in page
    assert listed(sign_in("bob"), fleet="south") == [sos.pk]


def test_pages_of_fifty(house, sign_in) -> None:
    for minute in range(60):
        make(house.van, f"k{minute}", minute)
    bob = sign_in("bob")
    first, second = listed(bob), listed(bob, page="2")
    assert (len(first), len(second)) == (50, 10)
    assert not set(first) & set(second)
    page = bob.get("/alerts/", {"page": "2", "vehicle": "Van"}).content.decode()
    assert "Page 2 of 2" in page
    assert 'href="/alerts/?vehicle=Van&amp;page=1"' in page


def test_the_page_costs_the_same_however_many_alerts(house, sign_in) -> None:
    bob = sign_in("bob")
    costs = []
    for minute in (0, 1, 2, 3, 4):
        make(house.van, f"k{minute}", minute)
        with CaptureQueriesContext(connection) as queries:
            bob.get("/alerts/")
        costs.append(len(queries))
    assert costs[0] == costs[-1]


def test_closing_keeps_who_when_and_how_it_ended(house, sos, sign_in) -> None:
    bob, alice = sign_in("bob"), sign_in("alice")
    take(bob, sos, note="Called him")
    url = reverse("close_alert", args=[sos.pk])
    answer = alice.post(
        url,
        {"note": "False alarm", "query": "state=acknowledged"},
        headers={**HTMX, "HX-Target": "div#alert-list"},
    )
    page = answer.content.decode()
    assert f"done-{sos.pk}" not in page  # still the same question, which it is no answer to any more
    assert 'hx-get="/alerts/?state=acknowledged"' in page
    sos.refresh_from_db()
    assert (sos.status, sos.closed_by, sos.closing_note) == ("closed", house.alice, "False alarm")
    assert (sos.by, sos.note) == (house.bob, "Called him")
    shown = alice.get("/alerts/", {"state": "closed"}).content.decode()
    for word in ("Called him", "False alarm", "Taken on by bob", "Closed by alice"):
        assert word in shown


def test_an_open_alert_is_not_closed_before_somebody_took_it_on(house, sos, sign_in) -> None:
    sign_in("bob").post(reverse("close_alert", args=[sos.pk]), headers=HTMX)
    sos.refresh_from_db()
    assert sos.status == "open"


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("mallory", 404)])
@pytest.mark.parametrize("action", ["acknowledge", "close_alert"])
def test_nobody_else_acts_on_it(house, sos, sign_in, who, status, action) -> None:
    assert sign_in(who).post(reverse(action, args=[sos.pk]), headers=HTMX).status_code == status


def test_a_new_alarm_after_closing_is_a_new_alert(house, sos, sign_in) -> None:
    bob = sign_in("bob")
    take(bob, sos)
    bob.post(reverse("close_alert", args=[sos.pk]))
    again = make(house.van, "sos", 30)
    assert listed(bob) == [again.pk]
