"""One's own account: what one prefers, password, browsers, API tokens, forgotten passwords."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from dashboard import limits, programs, sessions
from dashboard.models import ApiToken, Profile, Session
from dashboard.tasks import forget, mail_reset
from tracking.models import Alert

WISHES = {
    "name": "Bob B",
    "language": "zh-hans",
    "time_zone": "Asia/Shanghai",
    "units": "imperial",
    "sound": "on",
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_what_one_prefers_is_kept(house, sign_in) -> None:
    assert sign_in("bob").post("/profile/", WISHES)["Location"] == "/profile/"
    profile = Profile.objects.get(user=house.bob)
    assert (profile.language, profile.time_zone, profile.units) == ("zh-hans", "Asia/Shanghai", "imperial")
    assert (profile.sound, profile.dim_filtered, profile.single_keys) == (True, False, False)
    assert User.objects.get(pk=house.bob.pk).get_full_name() == "Bob B"


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"units": "furlongs"}, {"name": 151 * "x"}]
)
def test_what_does_not_exist_is_not_kept(house, sign_in, wrong) -> None:
    assert sign_in("bob").post("/profile/", WISHES | wrong).status_code == 422
    assert not Profile.objects.exists()


def test_pages_follow_the_language_and_the_time_zone(house, sign_in, sos) -> None:
    Alert.objects.update(time=int(datetime(2025, 11, 23, 20, tzinfo=UTC).timestamp() * 1000))
    bob, vera = sign_in("bob"), sign_in("vera")
    Profile.objects.create(user=house.bob, language="zh-hans", time_zone="Asia/Shanghai")
    page = bob.get("/alerts/")
    assert page["Content-Language"] == "zh-hans"
    assert 'lang="zh-hans"' in page.content.decode()
    assert "24" in re.findall(r"<time[^>]*>([^<]*)", page.content.decode())[0]  # the next day there
    # And nobody else's.
    assert vera.get("/alerts/", headers={"Accept-Language": "en"})["Content-Language"] == "en"
    assert "23" in re.findall(r"<time[^>]*>([^<]*)", vera.get("/alerts/").content.decode())[0]


def test_a_new_password_signs_out_every_other_browser(house, sign_in) -> None:
    here, there = sign_in("bob"), sign_in("bob")
    new = {"new_password1": "harbour-lantern-42", "new_password2": "harbour-lantern-42"}
    wrong = here.post("/profile/password/", {"old_password": "no", **new})
    assert wrong.status_code == 422
    assert there.get("/api/session").status_code == 200
    assert here.post("/profile/password/", {"old_password": "bob-password", **new}).status_code == 302
    assert here.get("/api/session").status_code == 200
    assert there.get("/api/session").status_code == 401
    assert Client().login(username="bob", password="harbour-lantern-42")


def test_who_finds_an_open_browser_cannot_guess_the_password_there(house, sign_in) -> None:
    bob = sign_in("bob")
    answers = [bob.post("/profile/password/", {"old_password": f"guess {n}"}).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]


# --- browsers ------------------------------------------------------------------------------


def test_browsers_are_listed_by_name_and_one_is_signed_out(house) -> None:
    here, there = Client(headers={"User-Agent": FIREFOX}), Client(headers={"User-Agent": "curl/8"})
    for client in (here, there):
        client.post("/login/", {"username": "bob", "password": "bob-password"})
    page = here.get("/profile/").content.decode()
    assert "Firefox" in page
    assert "this one" in page
    for client in (here, there):
        assert client.cookies["sessionid"].value not in page
    (name,) = re.findall(r'name="browser" value="(\w+)"', page)
    here.post("/profile/browsers/end/", {"browser": name})
    assert here.get("/api/session").status_code == 200
    assert there.get("/api/session").status_code == 401


def test_nobody_signs_out_somebody_else(house, sign_in) -> None:
    bob, vera = sign_in("bob"), sign_in("vera")
    from dashboard.signin import digest

    vera.post("/profile/browsers/end/", {"browser": digest(bob.cookies["sessionid"].value)})
    assert bob.get("/api/session").status_code == 200


def test_everywhere_means_here_too(house, sign_in) -> None:
    here, there = sign_in("bob"), sign_in("bob")
    assert here.post("/profile/browsers/end/")["Location"] == "/login/"
    assert {c.get("/api/session").status_code for c in (here, there)} == {401}
    assert not Session.objects.filter(user=house.bob).exists()


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", ("Edge", "Windows")),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537",
            ("Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) AppleWebKit Version/18 Safari",
            ("Safari", "iPhone"),
        ),
        ("<script>alert(1)</script>", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_a_browser_calls_itself(agent, named) -> None:
    assert sessions.named(agent) == named


def test_what_has_ended_is_forgotten(house, sign_in) -> None:
    bob = sign_in("bob")
    forget()
    assert bob.get("/api/session").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        forget()
    assert not Session.objects.exists()


# --- API tokens ----------------------------------------------------------------------------


def make(client, **wishes: str) -> str:
    page = client.post("/profile/tokens/", {"name": "Screen", "days": "90", **wishes}).content.decode()
    return re.findall(r'value="(flt_[\w-]{43})"', page)[0]


def asks(token: str) -> int:
    return Client(headers={"Authorization": f"Bearer {token}"}).get("/api/places?at=57.7,11.97").status_code


def test_a_token_is_shown_once_and_reads_as_its_user(house, sign_in) -> None:
    bob = sign_in("bob")
    token = make(bob)
    page = bob.get("/profile/").content.decode()
    assert token not in page
    assert f"…{token[-4:]}" in page
    assert asks(token) == 200
    assert ApiToken.objects.get().last_used is not None


def test_what_ends_a_token(house, sign_in) -> None:
    bob = sign_in("bob")
    token = make(bob)
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert asks(token) == 401
    User.objects.filter(pk=house.bob.pk).update(is_active=False)
    assert asks(token) == 401
    User.objects.filter(pk=house.bob.pk).update(is_active=True)
    assert asks(token) == 200
    bob.post(f"/profile/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert asks(token) == 401
    assert asks("flt_" + 43 * "x") == asks("") == asks("flt_") == 401


def test_a_wrong_token_is_not_made_good_by_a_session(house, sign_in) -> None:
    answer = sign_in("bob").get("/api/places?at=57.7,11.97", headers={"Authorization": "Bearer flt_wrong"})
    assert answer.status_code == 401


def test_the_basic_login_of_a_proxy_is_no_token(house, sign_in) -> None:
    answer = sign_in("bob").get("/api/places?at=57.7,11.97", headers={"Authorization": "Basic eDp5"})
    assert answer.status_code == 200


def test_a_token_that_never_ends_and_too_many_of_them(house, sign_in, monkeypatch) -> None:
    monkeypatch.setattr(programs, "MAX_TOKENS", 1)
    bob = sign_in("bob")
    make(bob, days="")
    assert ApiToken.objects.get().expires is None
    assert bob.post("/profile/tokens/", {"name": "Two", "days": "30"}).status_code == 422


def test_who_asks_too_often_waits_and_others_do_not(house, sign_in, monkeypatch) -> None:
    monkeypatch.setattr(limits, "API", limits.Limit("api", 2, 60))
    bob, url = sign_in("bob"), "/api/places?at=57.7,11.97"
    assert [bob.get(url).status_code for _ in range(3)] == [200, 200, 429]
    refused = bob.get(url)
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert 0 < int(refused["Retry-After"]) <= 61
    assert sign_in("vera").get(url).status_code == 200


def test_without_redis_nobody_waits(house, sign_in, monkeypatch, settings) -> None:
    monkeypatch.setattr(limits, "API", limits.Limit("api", 0, 60))
    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert sign_in("bob").get("/api/places?at=57.7,11.97").status_code == 200


# --- a forgotten password ------------------------------------------------------------------


@pytest.fixture
def post_office(settings, house, monkeypatch) -> None:
    """Mail is configured, and the worker does at once what it is told."""
    settings.EMAIL_URL = "smtp://localhost"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(mail_reset, "apply_async", lambda args, retry: mail_reset(*args))
    User.objects.filter(pk=house.bob.pk).update(email="bob@example.org")


def test_without_mail_the_page_says_who_helps(house, client) -> None:
    page = client.get("/password/").content.decode()
    assert "sends no e-mail" in page
    assert "loginlink" in page
    client.post("/password/", {"email": "bob@example.org"})
    assert mail.outbox == []


def test_a_mail_sets_a_new_password(post_office, client) -> None:
    client.post("/password/", {"email": "Bob@Example.org"})
    (letter,) = mail.outbox
    assert letter.to == ["bob@example.org"]
    (link,) = re.findall(r"http://testserver(/password/\S+)", str(letter.body))
    form = client.get(link)["Location"]
    new = {"new_password1": "harbour-lantern-42", "new_password2": "harbour-lantern-42"}
    assert client.post(form, new)["Location"] == "/"
    assert Client().login(username="bob", password="harbour-lantern-42")


def test_the_answer_does_not_tell_who_has_the_address(post_office, client) -> None:
    answers = [client.post("/password/", {"email": email}) for email in ("bob@example.org", "no@example.org")]
    blank = re.compile(rb'csrfmiddlewaretoken" value="\w+"')
    first, second = (blank.sub(b"", answer.content) for answer in answers)
    assert (answers[0].status_code, first) == (answers[1].status_code, second)
    assert len(mail.outbox) == 1


def test_the_mail_is_in_the_language_of_the_page(post_office, client) -> None:
    client.post("/password/", {"email": "bob@example.org"}, headers={"Accept-Language": "zh-CN"})
    (letter,) = mail.outbox
    assert letter.subject == "Fleetline 新密码"
    assert "有人为 testserver 上的 bob 申请了新密码" in letter.body


def test_mails_are_limited(post_office, client) -> None:
    answers = [client.post("/password/", {"email": "bob@example.org"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_what_is_no_address_is_said(post_office, client) -> None:
    assert "not an e-mail address" in client.post("/password/", {"email": "bob"}).content.decode()
