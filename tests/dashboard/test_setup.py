"""The first start: one page makes an empty installation somebody's."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from dashboard import disk
from tracking.models import Fleet, Membership

GOOD = {
    "name": "Dana  Field",
    "username": "dana",
    "password": "harbour-lantern-42",
    "fleet": "North Harbour",
    "time_zone": "Europe/Berlin",
    "units": "imperial",
    "keep": "365",
}


@pytest.fixture
def admin(db) -> User:
    return User.objects.create_superuser("admin", password="made-up-at-start")


@pytest.fixture
def browser(admin) -> Client:
    """Somebody who followed the link in the box."""
    out = StringIO()
    call_command("loginlink", base_url="http://testserver", stdout=out)
    client = Client()
    assert client.get(out.getvalue().strip())["Location"] == "/setup/"
    return client


def test_the_link_leads_here_and_then_to_the_first_vehicle(browser) -> None:
    page = browser.get("/setup/").content.decode()
    assert 'value="admin"' in page
    assert "GB" in page
    assert browser.post("/setup/", GOOD)["Location"] == "/manage/vehicles/add/"
    user, fleet = User.objects.get(), Fleet.objects.get()
    assert (user.username, user.get_full_name(), user.profile.units) == ("dana", "Dana Field", "imperial")
    assert (fleet.slug, fleet.time_zone, fleet.retention_days) == ("north-harbour", "Europe/Berlin", 365)
    assert Membership.objects.get(user=user, fleet=fleet).role == "manager"
    # Still signed in, with the new password, and the page is gone.
    assert browser.get("/api/session").json()["user"] == "dana"
    assert Client().login(username="dana", password="harbour-lantern-42")
    assert not Client().login(username="admin", password="made-up-at-start")
    assert browser.get("/setup/").status_code == 404


def test_a_password_leads_here_too(admin) -> None:
    answer = Client().post("/login/", {"username": "admin", "password": "made-up-at-start"})
    assert answer["Location"] == "/setup/"


def test_positions_are_kept_for_ever_unless_somebody_says_otherwise(browser) -> None:
    assert 'value="keep" selected' in browser.get("/setup/").content.decode()
    browser.post("/setup/", GOOD | {"keep": "keep"})
    assert Fleet.objects.get().retention_days is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "short"}, 'role="alert">At least 10 characters'),
        ({"password": "12345678901"}, "entirely numeric"),
        ({"password": "password123"}, "too common"),
        ({"username": "harbourlantern", "password": "harbourlantern"}, "too similar"),
        ({"password": ""}, "required"),
        ({"name": " "}, "required"),
        ({"fleet": ""}, "required"),
        ({"username": "a b<"}, "valid username"),
        ({"time_zone": "Mars/Olympus"}, "not one of the available choices"),
        ({"keep": "5"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(browser, wrong, words) -> None:
    page = browser.post("/setup/", GOOD | wrong)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Fleet.objects.exists()
    assert User.objects.get().username == "admin"


def test_a_name_in_any_letters_makes_a_fleet(browser) -> None:
    browser.post("/setup/", GOOD | {"fleet": "北港车队"})
    fleet = Fleet.objects.get()
    assert (fleet.slug, fleet.name) == ("fleet", "北港车队")


def test_with_a_demo_nobody_is_led_here_and_it_is_still_there(admin) -> None:
    Fleet.objects.create(slug="demo", name="Demo", demo=True)
    client = Client()
    answer = client.post("/login/", {"username": "admin", "password": "made-up-at-start"})
    assert answer["Location"] == "/"
    assert client.get("/setup/").status_code == 200
    assert client.post("/setup/", GOOD | {"fleet": "Demo"}).status_code == 302
    assert set(Fleet.objects.values_list("slug", flat=True)) == {"demo", "demo-2"}


def test_a_demo_that_is_only_starting_counts(admin, settings, tmp_path) -> None:
    settings.DATA = tmp_path
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "children.json").write_text(json.dumps([{"name": "web"}, {"name": "demo"}]))
    answer = Client().post("/login/", {"username": "admin", "password": "made-up-at-start"})
    assert answer["Location"] == "/"


def test_somebody_who_is_no_superuser_is_not_led_here(db) -> None:
    User.objects.create_user("bob", password="bob-password")
    client = Client()
    assert client.post("/login/", {"username": "bob", "password": "bob-password"})["Location"] == "/"
    assert client.get("/setup/").status_code == 404


def test_the_forecast_is_what_so_many_positions_take(db) -> None:
    said = disk.forecast(vehicles=10, every_s=5)
    assert said["gb"] == pytest.approx(10 * 365 * 8 * 720 * said["bytes"] / 1e9)
