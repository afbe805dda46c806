"""Which pages may open the browser socket: those of ORIGINS, else those of the request's own host."""

from typing import Any

from django.conf import settings


def same_origin(app: Any) -> Any:
    """Wrap an ASGI application: a handshake from a page elsewhere, or from no page, is refused (403)."""

    async def wrapper(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if origin and origin in allowed(host, scope):
            await app(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 4403})

    return wrapper


def allowed(host: str, scope: dict[str, Any]) -> list[str]:
    if settings.ORIGINS:
        return [origin.rstrip("/").lower() for origin in settings.ORIGINS]
    secure = scope.get("scheme") == "wss" or settings.HTTPS
    return [f"{'https' if secure else 'http'}://{host}"]
