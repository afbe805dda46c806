"""What somebody from outside may try: origins, headers, names of files, secrets of the wrong kind."""

import re
import secrets
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

from dashboard import people, programs, signin
from dashboard.origin import allowed
from tracking import tokens
from tracking.models import Role

# --- the browser socket's origin ---------------------------------------------------------------

HERE = "http://testserver"
ELSEWHERE = [
    "http://evil.example",
    "null",
    "https://testserver",
    "http://testserver:81",
    "http://testserver.evil.example",
    "http://eviltestserver",
    "http://testserver@evil.example",
    "http://testserver/",
    "http://testserver#x",
    "http://testserver,http://evil.example",
    "http://evil.example http://testserver",
    "ws://testserver",
    "file://",
    "testserver",
    "//testserver",
    " http://testserver",
    "http://127.0.0.1",
    "http://xn--testserver-abc",
    "",
]


async def opens(client: Client, *headers: tuple[bytes, bytes]) -> bool:
    from fleet.asgi import application

    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    socket = WebsocketCommunicator(application, "/ws/dashboard", headers=[(b"cookie", cookie), *headers])
    accepted, _ = await socket.connect(timeout=5)
    await socket.disconnect()
    return accepted


@pytest.fixture
def bob(house: Any) -> Client:
    client = Client()
    client.force_login(house.bob)
    return client


HOST = (b"host", b"testserver")


@pytest.mark.django_db(transaction=True)
async def test_only_a_page_of_ours_opens_the_socket(bob: Client) -> None:
    assert await opens(bob, HOST, (b"origin", HERE.encode()))
    assert await opens(bob, HOST, (b"origin", b"HTTP://TestServer"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", ELSEWHERE)
async def test_a_page_from_elsewhere_does_not(bob: Client, origin: str) -> None:
    assert not await opens(bob, HOST, (b"origin", origin.encode()))


@pytest.mark.django_db(transaction=True)
async def test_neither_does_no_page_two_pages_or_a_name_that_is_not_ours(bob: Client) -> None:
    ours = (b"origin", HERE.encode())
    assert not await opens(bob, HOST)
    assert not await opens(bob, HOST, ours, (b"origin", b"http://evil.example"))
    assert not await opens(bob, HOST, (b"origin", b"http://evil.example"), ours)
    assert not await opens(bob, ours)
    # A name in somebody else's hands that leads to this machine.
    assert not await opens(bob, (b"host", b"evil.example"), (b"origin", b"http://evil.example"))


@pytest.mark.parametrize(
    ("origins", "https", "scheme", "host", "expected"),
    [
        ([], False, "ws", "testserver", ["http://testserver"]),
        ([], False, "ws", "testserver:80", ["http://testserver"]),
        ([], False, "wss", "testserver:443", ["https://testserver"]),
        ([], True, "ws", "testserver", ["https://testserver"]),
        ([], False, "ws", "testserver:8000", ["http://testserver:8000"]),
        ([], False, "ws", "[::1]:8000", ["http://[::1]:8000"]),
        ([], False, "ws", "evil.example", []),
        (["https://Map.Example.org/"], True, "ws", "testserver", ["https://map.example.org"]),
        (["https://map.example.org:443"], True, "ws", "testserver", ["https://map.example.org"]),
        (["https://a.example", "http://b.example:8080"], True, "ws", "testserver",
         ["https://a.example", "http://b.example:8080"]),
    ],
)  # fmt: skip
def test_which_origins_are_ours(
    settings: Settings, origins: list[str], https: bool, scheme: str, host: str, expected: list[str]
) -> None:
    settings.ORIGINS, settings.HTTPS = origins, https
    settings.ALLOWED_HOSTS = ["testserver", "[::1]"]
    assert allowed(host, {"scheme": scheme}) == expected


# --- headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example"])
def test_a_host_that_is_not_ours_is_refused(house: Any, host: str) -> None:
    assert Client().get("/login/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "99"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Script-Name", "/evil"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("Daphne-Root-Path", "/evil"),
    ],
)
def test_a_link_that_is_made_leads_here_whatever_headers_say(
    house: Any, sign_in: Any, header: str, value: str
) -> None:
    answer = sign_in("alice").post(reverse("person_reset", args=[house.vera.pk]), headers={header: value})
    link = re.search(r'value="([^"]*/password/[^"]*)"', answer.content.decode())
    assert link is not None
    assert link[1].startswith("http://testserver/password/")
    assert "evil" not in answer.content.decode()


def test_behind_tls_cookies_are_secure_and_browsers_told_so(house: Any, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = Client(headers={"X-Forwarded-Proto": "https"})
    answer = client.post("/login/", {"username": "bob", "password": "bob-password"})
    assert answer["Strict-Transport-Security"].startswith("max-age=31536000")
    assert client.cookies["sessionid"]["secure"]
    assert Client().get("/login/").status_code == 301


def test_every_page_says_what_browsers_may_not_do(house: Any, sign_in: Any) -> None:
    for answer in (Client().get("/login/"), sign_in("bob").get("/alerts/"), sign_in("bob").get("/nothing/")):
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "default-src 'self'" in answer["Content-Security-Policy"]


# --- names in addresses ------------------------------------------------------------------------

TRAVERSAL = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cwindows%5cwin.ini",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "..;/etc/passwd",
    "%00",
    "van%00.csv",
    "/etc/passwd",
    "C:%5cboot.ini",
    "%c0%ae%c0%ae/etc/passwd",
    "..%252f..%252fetc%252fpasswd",
]
PLACES = [
    "/static/{}",
    "/vehicles/{}/",
    "/api/vehicles/{}/track.csv",
    "/api/vehicles/1/track.{}",
    "/api/fleets/{}/positions.geojson",
    "/manage/fleets/{}/members/",
    "/invitation/{}/",
    "/login/link/{}/",
    "/password/MQ/{}/",
    "/maps/towns/{}/1/roads.json",
    "/maps/towns/demo/1/{}",
]


@pytest.mark.django_db(transaction=True)
def test_no_name_in_an_address_leads_to_a_file(house: Any) -> None:
    client = Client()
    client.force_login(house.root)
    for place in PLACES:
        for name in TRAVERSAL:
            answer = client.get(place.format(name))
            assert answer.status_code in {301, 302, 400, 403, 404, 410, 200}, (place, name)
            body = b"" if answer.streaming else answer.content
            assert b"root:" not in body, (place, name)
            if answer.status_code == 200:
                assert place.startswith("/password/"), (place, name)  # "this link no longer works"


# --- secrets -----------------------------------------------------------------------------------


def test_every_secret_has_at_least_128_random_bits(house: Any) -> None:
    """By its alphabet and length; ids in addresses give nothing away by themselves."""
    invitation = people.invite(house.north, Role.VIEWER, by=house.alice)
    token = programs.issue(house.alice, name="x").removeprefix(programs.PREFIX)
    link = signin.issue(house.bob).split(":")[0].partition(".")[2]
    for secret in (invitation, token, link):
        assert re.fullmatch(r"[\w-]+", secret)
        assert len(secret) * 6 >= 128
    signature = signin.reset_path(house.bob).strip("/").rpartition("-")[2]
    assert re.fullmatch(r"[0-9a-f]{32,}", signature)


def test_secrets_are_kept_as_digests(house: Any) -> None:
    invitation = people.invite(house.north, Role.VIEWER, by=house.alice)
    token = programs.issue(house.alice, name="x")
    link = signin.issue(house.bob)
    signin.redeem(link)
    from dashboard.models import ApiToken, Invitation, UsedLink

    rows = [
        *ApiToken.objects.values_list(),
        *Invitation.objects.values_list(),
        *UsedLink.objects.values_list(),
    ]
    for secret in (invitation, token, link):
        assert secret not in str(rows)


# Every kind of secret of people and devices, and where it would be used.
KINDS = [
    "sign-in link",
    "reset token",
    "invitation",
    "API token",
    "session key",
    "device token",
    "csrf token",
]
DOORS = {
    "sign-in link": "/login/link/{}/",
    "reset token": "/password/{user}/{}/",
    "invitation": "/invitation/{}/",
    "API token": "/api/fleets/north/positions.geojson",
    "session key": "/api/session",
}


@pytest.fixture
def kinds(house: Any, sign_in: Any) -> dict[str, str]:
    alice = sign_in("alice")
    alice.get("/login/")
    made = {
        "sign-in link": signin.issue(house.alice),
        "reset token": default_token_generator.make_token(house.alice),
        "invitation": people.invite(house.north, Role.VIEWER, by=house.alice),
        "API token": programs.issue(house.alice, name="x"),
        "session key": alice.cookies["sessionid"].value,
        "device token": tokens.issue(uid="van-7", fleet="north"),
        "csrf token": secrets.token_urlsafe(32),
    }
    assert list(made) == KINDS
    return made


def opened(door: str, secret: str, user: str) -> bool:
    client = Client()
    path = DOORS[door].format(secret, user=user)
    if door == "API token":
        return client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    if door == "session key":
        client.cookies["sessionid"] = secret
        return client.get(path).status_code == 200
    answer = client.get(path, follow=True)
    ended = ("no longer works", "There is nothing here")
    return answer.status_code == 200 and not any(words in answer.content.decode() for words in ended)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
def test_a_secret_opens_its_own_door_only(house: Any, kinds: dict[str, str], kind: str, door: str) -> None:
    user = urlsafe_base64_encode(force_bytes(house.alice.pk))
    assert opened(door, kinds[kind], user) == (kind == door)


@pytest.mark.parametrize("door", ["sign-in link", "reset token", "invitation"])
def test_who_guesses_links_must_wait(house: Any, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    from dashboard import limits

    monkeypatch.setattr(limits, "LINK", limits.Limit("link", 3, 900))
    client = Client()
    answers = [client.get(DOORS[door].format(f"guess-{n}", user="MQ")) for n in range(4)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert 0 < int(answers[-1]["Retry-After"]) <= 901
    assert Client(REMOTE_ADDR="10.0.0.9").get(DOORS[door].format("x", user="MQ")).status_code != 429
