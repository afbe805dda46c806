"""What comes from outside about where it comes from: believed only of TRUSTED_PROXIES.

Everybody can write X-Forwarded-For. uvicorn believes it of the own machine, Daphne takes a path
prefix from the header Daphne-Root-Path, and both would end up in addresses that people click.
"""

from ipaddress import ip_address
from typing import Any

from django.conf import settings

FORWARDED_FOR = b"x-forwarded-for"
# Headers that nobody here reads on purpose; a server or library might.
DROPPED = {b"daphne-root-path", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix", b"forwarded"}


def outside(app: Any) -> Any:
    """Wrap an ASGI application: it sees the client's own address, and no path prefix."""

    async def wrapper(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = {**scope, "root_path": "", "client": client(scope)}
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in DROPPED]
        await app(scope, receive, send)

    return wrapper


def client(scope: dict[str, Any]) -> tuple[str, int] | None:
    """The peer; behind trusted proxies, the last address of X-Forwarded-For that is none of them."""
    peer = scope.get("client")
    if peer is None or not trusted(peer[0]):
        return peer if peer is None else (peer[0], peer[1])
    said = b",".join(value for name, value in scope["headers"] if name == FORWARDED_FOR).decode("latin-1")
    for text in reversed([part.strip() for part in said.split(",") if part.strip()]):
        try:
            address = str(ip_address(text))
        except ValueError:
            break
        if not trusted(address):
            return address, 0
    return peer[0], peer[1]


def trusted(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:  # a unix socket's path
        return False
    return any(found in network for network in settings.TRUSTED_PROXIES)
