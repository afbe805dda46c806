"""What every answer carries: the content security policy."""

import secrets
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Handler = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# Everything comes from here; inline scripts (the import map) carry the nonce of their answer.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self'",
        "worker-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
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

    def begin(request: HttpRequest) -> str:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        return POLICY.format(nonce=nonce)

    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> HttpResponseBase:
            policy = begin(request)
            response: HttpResponseBase = await get_response(request)
            response.headers.setdefault("Content-Security-Policy", policy)
            return response

        return async_middleware

    def middleware(request: HttpRequest) -> HttpResponseBase:
        policy = begin(request)
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)  # noqa: S101 (for the type checker)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware
