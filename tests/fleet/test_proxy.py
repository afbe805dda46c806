"""Headers that say where a request comes from mean nothing, except from trusted proxies."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from pytest_django import Settings

from fleet.proxy import outside

PEER = ("203.0.113.7", 4711)
SPOOFED = {
    "x-forwarded-for": "10.0.0.1",
    "x-real-ip": "10.0.0.1",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "99",
    "x-forwarded-prefix": "/evil",
    "forwarded": "for=10.0.0.1;host=evil.example;proto=https",
    "daphne-root-path": "/evil",
    "x-original-url": "/manage/",
    "x-rewrite-url": "/manage/",
    "x-http-method-override": "DELETE",
}


def seen(kind: str, headers: dict[str, str], *, peer: Any = PEER) -> dict[str, Any]:
    """The scope that the application gets."""
    scopes = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "client": peer, "root_path": headers.get("daphne-root-path", ""), "headers": raw}
    asyncio.run(outside(application)(scope, None, None))
    return scopes[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("header", SPOOFED)
def test_nobody_says_who_they_are(kind: str, header: str) -> None:
    scope = seen(kind, {header: SPOOFED[header]})
    assert scope["client"] == PEER
    assert scope["root_path"] == ""


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("198.51.100.9", "198.51.100.9"),
        ("10.9.9.9, 198.51.100.9", "198.51.100.9"),  # the client wrote the first part
        ("198.51.100.9, 10.0.0.2", "198.51.100.9"),  # two proxies
        ("2001:db8::1", "2001:db8::1"),
        ("", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
        ("198.51.100.9, nonsense", "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_is_believed_who_is_behind_it(settings: Settings, said: str, address: str) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/30")]
    assert seen("http", {"x-forwarded-for": said}, peer=("10.0.0.1", 1))["client"][0] == address


def test_another_than_the_trusted_is_not(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/30")]
    assert seen("http", {"x-forwarded-for": "198.51.100.9"}, peer=("10.0.0.9", 1))["client"] == (
        "10.0.0.9",
        1,
    )


@pytest.mark.parametrize("peer", [None, ("", 0)])
def test_who_comes_through_a_unix_socket_has_no_address(settings: Settings, peer: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert seen("http", {"x-forwarded-for": "198.51.100.9"}, peer=peer)["client"] == peer
