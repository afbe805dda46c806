"""Every page in Simplified Chinese: nothing in English is left on it, and it is given to whom it suits."""

import json
import os
import re
from html.parser import HTMLParser

import pytest
import redis
from django.test import Client, override_settings
from django.urls import reverse

from dashboard import programs
from dashboard.forms.fields import tags_in
from dashboard.models import Profile
from tests.dashboard.conftest import HTMX
from tests.dashboard.test_matrix import DEVICE, ELSEWHERE, GONE, OPEN, ROUTES
from tests.dashboard.test_pagedata import told
from tracking import devices, messages
from tracking.models import Fleet

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
ENGLISH = {"Accept-Language": "en"}
WORD = re.compile(r"(?=[A-Za-z]{2})[A-Za-z]*[a-z][A-Za-z]*(?:[ '’-][A-Za-z]+)*")
HOST = re.compile(r"[\w:/-]+\.[\w./-]+", re.ASCII)  # of a file or another server
# Not read as words of a sentence: what is typed, copied or sent as it is.
# Without a page or a name to find it by.
PROGRAMS = {"healthz", "gps/positions"}
VERBATIM = {"script", "style", "code", "pre", "kbd", "time"}
READ = {"title", "aria-label", "placeholder", "alt", "hx-confirm", "data-text", "label"}
NAMES = {
    # ours, of apps and of things
    "Fleetline", "Android", "iPhone", "Traccar", "Traccar Client", "OwnTracks", "Overland", "Colota",
    "GPSLogger", "Logging details", "Log to custom", "Allow offline", "OsmAnd", "Home Assistant", "Droid",
    "Google", "App Store", "WebSocket", "OpenFreeMap", "OpenStreetMap", "WebGL", "GeoJSON", "Esc", "ident",
    "xml", "English", "km", "mi", "mph", "flespi", "traccar", "Safari", "iPad", "JavaScript", "Caddy",
    "Excel", "GeoParquet",
    # the cast's
    "North", "South", "Van", "Jan de Vries", "Truck", "van", "truck", "north", "south", "alice", "bob",
    "vera", "mallory", "root", "Kreuzberg", "Demo", "new", "program",
}  # fmt: skip


class Reader(HTMLParser):
    """The texts that a person sees or hears on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ and value]
        given = dict(attrs)
        # Time zones have the names that computers give them.
        zones = tag == "select" and "zone" in (given.get("name") or "")
        if tag in VERBATIM or zones:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)


def english(page: str) -> list[str]:
    """What is left in Latin letters, but for names; `a` to `z` alone are keys."""
    words = [word for text in Reader(page).texts for word in WORD.findall(HOST.sub("", text))]
    return [word for word in words if word not in NAMES]


def left(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    if not answer.get("Content-Type", "").startswith("text/html") or answer.status_code in (301, 302, 204):
        return []
    assert answer["Content-Language"].lower() == "zh-hans", address
    return english(answer.content.decode())


def test_what_is_english_is_found() -> None:
    page = '<p title="Of it">Van 7 在线 <b>moving on</b><code>manage.py up</code></p><script>let it</script>'
    assert english(page) == ["Of it", "moving on"]


@pytest.fixture
def full(house, sos) -> None:
    """A house in which every page has something to show."""
    programs.issue(house.root, name="a program")
    devices.knock("new", fleet="north")
    parade = Fleet.objects.create(slug="demo", name="Demo", demo=True)
    parade.vehicles.create(name="Van")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as store:
        store.set("demo:progress", json.dumps({"phase": "history", "done": 1, "total": 2}))
        store.set("chaos:counts", json.dumps({"acked": 3, "stored": 2, "lost": 0}))
    messages.queue(house.van, author=house.root, text="你好")


def test_no_page_has_english_left(house, full, sign_in) -> None:
    for name in ("root", "alice"):
        # The person's choice counts, whatever the browser asks for.
        Profile.objects.create(user=getattr(house, name), language="zh-hans")
    found = {}
    for who in ("root", "alice"):
        client = sign_in(who)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        for name, route in ROUTES.items():
            elsewhere = route.who in (OPEN, GONE, DEVICE, ELSEWHERE)
            if "GET" in route.methods and not elsewhere and name not in PROGRAMS:
                address = reverse(name, args=route.args(house)) + route.query
                if words := left(client, address):
                    found[f"{who}: {address}"] = words
    assert not found, found


def test_no_page_for_people_who_are_not_signed_in_has(house) -> None:
    client = Client(headers=CHINESE)
    found = {}
    for name, route in ROUTES.items():
        if route.who == OPEN and "GET" in route.methods and name not in PROGRAMS:
            address = reverse(name, args=route.args(house)) + route.query
            if words := left(client, address):
                found[address] = words
    assert not found, found
    assert english(client.get("/nowhere/").content.decode()) == []
    assert english(client.get("/nowhere/", headers=HTMX).content.decode()) == []


@pytest.mark.parametrize(
    ("name", "posted"),
    [
        ("manage_vehicle_add", {}),
        ("manage_driver_add", {"phone": "x"}),
        ("manage_fleet_add", {}),
        ("manage_import", {}),
        ("profile", {"units": ""}),
        ("password", {"new_password1": "a", "new_password2": "b"}),
        ("token_add", {}),
    ],
)
def test_what_is_wrong_is_said_in_chinese(house, sign_in, name, posted) -> None:
    Profile.objects.create(user=house.root, language="zh-hans")
    answer = sign_in("root").post(reverse(name), posted, headers=ENGLISH)
    assert answer.status_code in (200, 422)
    assert english(answer.content.decode()) == []


def test_without_a_choice_the_browser_says_which_language(house, sign_in) -> None:
    alice = sign_in("alice")
    chinese, english_page = (alice.get("/alerts/", headers=asked) for asked in (CHINESE, ENGLISH))
    assert chinese["Content-Language"] == "zh-hans"
    assert "<title>报警 – Fleetline</title>" in chinese.content.decode()
    assert told(chinese.content)["texts"]["Moving"] == "行驶"
    assert "<title>Alerts – Fleetline</title>" in english_page.content.decode()
    assert told(english_page.content)["texts"] == {}
    # A language that is not there: English.
    assert alice.get("/alerts/", headers={"Accept-Language": "sv"})["Content-Language"] == "en"


def test_a_persons_choice_is_stronger_than_the_browser(house, sign_in) -> None:
    Profile.objects.create(user=house.vera, language="en")
    assert sign_in("vera").get("/alerts/", headers=CHINESE)["Content-Language"] == "en"
    Profile.objects.create(user=house.bob, language="zh-hans")
    bob = sign_in("bob")
    assert bob.get("/alerts/", headers=ENGLISH)["Content-Language"] == "zh-hans"
    # Parts of pages and refusals too.
    assert "消息" in bob.get(f"/vehicles/{house.van.pk}/messages/", headers=HTMX | ENGLISH).content.decode()
    for status, refused in (
        (403, bob.get("/manage/", headers=ENGLISH)),
        (404, bob.get("/nowhere/", headers=ENGLISH)),
        (403, sign_in("bob", enforce_csrf_checks=True).post("/logout/", headers=ENGLISH)),
    ):
        assert refused.status_code == status
        assert english(refused.content.decode()) == []


def test_numbers_and_moments_are_written_as_in_china(house, sos, sign_in) -> None:
    Profile.objects.create(user=house.vera, language="zh-hans", time_zone="Asia/Shanghai")
    page = sign_in("vera").get("/alerts/").content.decode()
    assert ">11月23日 16:00</time>" in page
    sos.count = 3
    sos.save()
    assert "3 次，最近" in sign_in("vera").get("/alerts/").content.decode()


def test_what_is_listed_may_have_chinese_commas(house, sign_in) -> None:
    assert tags_in("冷藏，夜班、 VIP, 北") == ["冷藏", "夜班", "VIP", "北"]
    written = {"text": "几点到？", "client_id": "1", "replies": "好的，会晚到"}
    sign_in("bob").post(f"/vehicles/{house.van.pk}/messages/", written, headers=HTMX)
    assert house.van.messages.get().replies == ["好的", "会晚到"]


def test_the_first_start_is_in_chinese(db, django_user_model) -> None:
    root = django_user_model.objects.create_superuser("root", password="root-password")
    client = Client(headers=CHINESE)
    client.force_login(root)
    assert english(client.get("/setup/").content.decode()) == []
    wrong = {"username": "", "password": "password", "fleet": "x"}
    assert english(client.post("/setup/", wrong).content.decode()) == []


@override_settings(DEBUG=False)
def test_a_server_error_is_in_chinese(house, sign_in, monkeypatch) -> None:
    Profile.objects.create(user=house.vera, language="zh-hans")
    vera = sign_in("vera")
    vera.raise_request_exception = False
    monkeypatch.setattr("dashboard.views.alerts.alarms.rows", lambda *args: 1 / 0)
    answer = vera.get("/alerts/", headers=ENGLISH)
    assert answer.status_code == 500
    assert english(answer.content.decode()) == []
