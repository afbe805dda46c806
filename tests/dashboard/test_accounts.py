"""Signing in and out."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard import signin
from dashboard.models import UsedLink
from tracking.models import Membership


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    seen: list[str] = []

    def encode(self, password: str, salt: str) -> str:
        self.seen.append(password)
        return super().encode(password, salt)


def login(client: Client, password: str, **extra: str):
    return client.post("/login/", {"username": "bob", "password": password, **extra})


def signed_in(client: Client) -> bool:
    return client.get("/api/session").status_code == 200


def test_the_right_password_leads_to_the_map(house, client) -> None:
    assert login(client, "bob-password")["Location"] == "/"
    assert client.get("/api/session").json() == {"user": "bob", "authenticated": True}


def test_a_wrong_password_says_so_and_keeps_the_name(house, client) -> None:
    page = login(client, "wrong").content.decode()
    assert "do not match" in page
    assert 'value="bob"' in page
    assert not signed_in(client)


def test_a_session_that_is_not_one_is_401_in_json(client, db) -> None:
    answer = client.get("/api/session")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("goal", "leads_to"),
    [
        ("/alerts/", "/alerts/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
        ("https://testserver@evil.example/", "/"),
        ("\t//evil.example", "/"),
        ("///evil.example", "/"),
        ("http://testserver:80@evil.example", "/"),
        ("", "/"),
    ],
)
def test_it_leads_on_only_within_the_house(house, client, goal, leads_to) -> None:
    assert login(client, "bob-password", next=goal)["Location"] == leads_to


def test_many_wrong_passwords_make_one_wait(house, client) -> None:
    for _ in range(signin.MAX_ATTEMPTS):
        assert login(client, "wrong").status_code == 200
    refused = login(client, "bob-password")
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert "Too many attempts" in refused.content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert login(client, "bob-password").status_code == 302


def test_the_wait_is_of_one_name_from_one_address(house, client) -> None:
    for _ in range(signin.MAX_ATTEMPTS + 1):
        login(client, "wrong")
    assert login(Client(REMOTE_ADDR="10.0.0.9"), "bob-password").status_code == 302
    vera = client.post("/login/", {"username": "vera", "password": "vera-password"})
    assert vera.status_code == 302


def test_a_right_password_forgets_the_wrong_ones(house, client) -> None:
    for _ in range(2):
        for _ in range(signin.MAX_ATTEMPTS - 1):
            assert login(client, "wrong").status_code == 200
        assert login(client, "bob-password").status_code == 302
        client.post("/logout/")


def test_one_address_cannot_try_a_list_of_names(house, client, monkeypatch) -> None:
    monkeypatch.setattr(signin, "MAX_ATTEMPTS_ADDRESS", 5)
    for number in range(5):
        client.post("/login/", {"username": f"name-{number}", "password": "summer-2026"})
    assert login(client, "bob-password").status_code == 429
    assert login(Client(REMOTE_ADDR="10.0.0.9"), "bob-password").status_code == 302


def test_many_addresses_cannot_guess_one_password(house, monkeypatch) -> None:
    monkeypatch.setattr(signin, "MAX_ATTEMPTS_NAME", 5)
    for number in range(5):
        login(Client(REMOTE_ADDR=f"10.0.1.{number}"), "wrong")
    assert login(Client(REMOTE_ADDR="10.0.0.9"), "bob-password").status_code == 429
    vera = {"username": "vera", "password": "vera-password"}
    assert Client(REMOTE_ADDR="10.0.0.9").post("/login/", vera).status_code == 302


def test_who_comes_in_at_last_does_not_use_up_the_wider_counts(house, client, monkeypatch) -> None:
    monkeypatch.setattr(signin, "MAX_ATTEMPTS_ADDRESS", 3)
    for _ in range(6):
        assert login(client, "bob-password").status_code == 302
        client.post("/logout/")


def test_an_x_forwarded_for_gives_nobody_more_attempts(house) -> None:
    for number in range(signin.MAX_ATTEMPTS):
        login(Client(headers={"X-Forwarded-For": f"10.9.9.{number}"}), "wrong")
    assert login(Client(headers={"X-Forwarded-For": "10.9.9.200"}), "bob-password").status_code == 429


def test_nothing_tells_whether_there_is_such_a_name(house) -> None:
    """Nobody, a wrong password and a disabled account get the same page, also when they must wait."""
    User.objects.filter(username="vera").update(is_active=False)

    def pages(name: str) -> list[tuple[int, str]]:
        one = Client(REMOTE_ADDR=f"10.0.2.{len(name)}")
        answers = [
            one.post("/login/", {"username": name, "password": f"{name}-password" if name == "vera" else "x"})
            for _ in range(signin.MAX_ATTEMPTS + 1)
        ]
        blank = re.compile(rf'{name}|nonce-[^\']+|csrfmiddlewaretoken" value="\w+"')
        return [(answer.status_code, blank.sub("", answer.content.decode())) for answer in answers]

    assert pages("bob") == pages("vera") == pages("nobody-at-all")


def test_the_password_of_an_unknown_name_is_hashed_too(house, client, settings) -> None:
    """Else the time of the answer tells who exists."""
    hashed: list[str] = []
    settings.PASSWORD_HASHERS = ["tests.dashboard.test_accounts.CountingHasher"]
    CountingHasher.seen = hashed
    client.post("/login/", {"username": "nobody-at-all", "password": "x"})
    assert hashed == ["x"]


def test_logging_out_ends_the_session(house, sign_in) -> None:
    bob = sign_in("bob")
    assert bob.post("/logout/")["Location"] == "/login/"
    assert not signed_in(bob)


def link(*args: str) -> str:
    out = StringIO()
    call_command("loginlink", *args, stdout=out)
    return out.getvalue().strip()


def test_a_link_signs_in_once(house) -> None:
    url = link("bob", "--base-url", "http://testserver")
    assert url.startswith("http://testserver/login/link/")
    first, second = Client(), Client()
    assert first.get(url)["Location"] == "/"
    assert first.get("/api/session").json()["user"] == "bob"
    assert second.get(url).status_code == 410
    assert not signed_in(second)


def test_looking_ahead_does_not_use_the_link_up(house, client) -> None:
    url = link("bob", "--base-url", "http://testserver")
    assert client.head(url).status_code == 204
    assert client.get(url, headers={"Sec-Purpose": "prefetch"}).status_code == 204
    assert not signed_in(client)
    assert client.get(url).status_code == 302


def test_a_link_dies_after_15_minutes(house, client) -> None:
    url = link("bob", "--base-url", "http://testserver")
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=2)):
        assert client.get(url).status_code == 410


@pytest.mark.parametrize("token", ["x", "1.x:y:z", "é", "1" * 5000])
def test_a_forged_link_is_refused(house, client, token) -> None:
    assert client.get(f"/login/link/{token}/").status_code == 410


def test_a_link_of_a_disabled_user_is_refused(house, client) -> None:
    url = link("bob", "--base-url", "http://testserver")
    User.objects.filter(username="bob").update(is_active=False)
    assert client.get(url).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_in(house) -> None:
    token = signin.issue(house.bob)

    def use(_: int) -> bool:
        try:
            return signin.redeem(token) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_used_links_are_forgotten_when_they_are_too_old_anyway(house) -> None:
    signin.redeem(signin.issue(house.bob))
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        signin.redeem(signin.issue(house.bob))
    assert UsedLink.objects.count() == 1


def test_loginlink_creates_nobody(db) -> None:
    with pytest.raises(CommandError, match="no superuser"):
        link()
    assert not User.objects.exists()


def test_grant_gives_and_changes_a_role(house) -> None:
    call_command("grant", "bob", "north", "manager", stdout=StringIO())
    assert Membership.objects.get(user=house.bob).role == "manager"


def test_grant_creates_a_missing_user_with_a_password(house, client, monkeypatch) -> None:
    with pytest.raises(CommandError, match="USER_PASSWORD"):
        call_command("grant", "nina", "south", "viewer")
    assert not User.objects.filter(username="nina").exists()
    monkeypatch.setenv("USER_PASSWORD", "nina-password")
    call_command("grant", "nina", "south", "viewer", stdout=StringIO())
    assert client.login(username="nina", password="nina-password")


def test_grant_names_the_fleets_there_are(house) -> None:
    with pytest.raises(CommandError, match="north, south"):
        call_command("grant", "bob", "west", "viewer")


def test_without_a_name_it_is_the_first_superuser(house) -> None:
    url = link("--base-url", "http://testserver")
    one = Client()
    one.get(url)
    assert one.get("/api/session").json()["user"] == "root"


def test_a_session_gets_a_new_key_at_sign_in(house, client) -> None:
    client.cookies["sessionid"] = "planted-by-somebody-else"
    login(client, "bob-password")
    assert client.cookies["sessionid"].value != "planted-by-somebody-else"
    cookie = client.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
