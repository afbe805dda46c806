"""Which pages may open the browser socket: those of ORIGINS, else those of the request's own host."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def same_origin(app: Any) -> Any:
    """Wrap an ASGI application: a handshake from a page elsewhere, or from no page, is refused (403)."""

    async def wrapper(scope: dict[str, Any], receive: Any, send: Any) -> None:
        origin, host = (_only(scope, name) for name in (b"origin", b"host"))
        if origin and host and origin in allowed(host, scope):
            await app(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})

    return wrapper


def _only(scope: dict[str, Any], wanted: bytes) -> str:
    """The header's value in small letters; empty when it is missing, or there twice."""
    values = [value for name, value in scope["headers"] if name == wanted]
    return str(values[0].decode("latin-1").lower()) if len(values) == 1 else ""


def allowed(host: str, scope: dict[str, Any]) -> list[str]:
    """The origins, in small letters, without the default port, as browsers write them."""
    if settings.ORIGINS:
        return [plain(origin) for origin in settings.ORIGINS]
    # The own host, if it is one: a name that somebody made point here is none.
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return []
    secure = scope.get("scheme") == "wss" or settings.HTTPS
    return [plain(f"{'https' if secure else 'http'}://{host}")]


def plain(origin: str) -> str:
    parts = urlsplit(origin.lower())
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.netloc.removesuffix(f":{default}")
    return f"{parts.scheme}://{host}"
