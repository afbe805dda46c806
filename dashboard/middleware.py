"""What every answer carries: the content security policy."""

import secrets
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Handler = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Everything comes from here; inline scripts (the import map) carry the nonce of their answer. A page with a
# map may also ask the hosts of the maps that are on (dashboard/maps.py): looked up for that page alone, so
# that every process follows at once.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self'",
        "worker-src 'self'",
        "img-src 'self' data: blob:{hosts}",
        "connect-src 'self'{hosts}",
        "font-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)


@sync_and_async_middleware
def content_security_policy(get_response: Handler) -> Handler:
    """Set `request.csp_nonce` and the policy that allows it. Async views stay async."""

    def begin(request: HttpRequest) -> None:
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]

    def end(request: HttpRequest, response: HttpResponseBase) -> None:
        hosts = "".join(f" {host}" for host in getattr(request, "map_hosts", ()))
        nonce = request.csp_nonce  # type: ignore[attr-defined]
        response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce, hosts=hosts))

    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            begin(request)
            response: HttpResponseBase = await get_response(request)
            end(request, response)
            return response

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begin(request)
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 (for the type checker)
        end(request, response)
        return response

    return middleware
