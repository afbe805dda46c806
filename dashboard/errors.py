"""Errors: a calm page for people, a sentence for htmx, and under /api/ and /gps/
`{"error":{"code","detail"}}` (docs/PROTOCOL.md §5).
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext

from dashboard.models import Profile


def api_error(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "detail": detail}}, status=status)


def sentence(request: HttpRequest, template: str, context: dict[str, str], *, status: int) -> HttpResponse:
    """An error for htmx. What somebody has typed stays: the answer to a POST goes above it."""
    response = render(request, template, context, status=status)
    if request.method == "POST":
        response["HX-Reswap"] = "afterbegin"
    return response


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: asked too often; says when to come back."""
    detail = gettext("Too many requests. Try again in %(seconds)s s.") % {"seconds": seconds}
    response = _answer(request, 429, "too_many_requests", detail)
    response["Retry-After"] = str(seconds)
    return response


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith(("/api/", "/gps/")):
        return api_error(status, code, detail)
    if request.headers.get("HX-Request"):
        return sentence(request, "dashboard/_refused.html", {"detail": detail}, status=status)
    return render(request, f"{status}.html", {"detail": detail}, status=status)


def _speak_to(request: HttpRequest) -> None:
    """Take the language of who is signed in, which no view has taken yet."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        chosen = Profile.objects.filter(user=user).values_list("language", flat=True).first()
        if chosen:
            translation.activate(chosen)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "bad_request", gettext("The server could not understand this request."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "forbidden", str(exception) or gettext("Your role does not allow this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    _speak_to(request)
    return _answer(
        request,
        403,
        "csrf",
        gettext("This form was too old, or came from another site. Go back, reload the page, try again."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    _speak_to(request)
    return _answer(request, 404, "not_found", gettext("There is nothing here, or it is not yours to see."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, 500, "internal", gettext("The server made a mistake. It is in the log."))
