"""The driver page: a phone's browser becomes a device (docs/PROTOCOL.md).

Nobody is signed in here. The page is the same for everybody and is kept by its service worker; what
it may do, the code in its address or the token on the phone says.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import limits
from dashboard.errors import api_error, too_many
from dashboard.pagedata import texts, version
from dashboard.views import shell
from tracking import drive
from tracking.ingest import admission

MAX_BODY = 4096
COOKIE_LIFE_S = 365 * 86_400
# What the page needs when there is no network; its modules find one another by the import map.
SHELL = (
    "css/base.css", "css/drive.css", "js/theme.js", "js/i18n.js", "img/icon.svg", "img/icon-192.png",
    "npm/inter/inter-latin-wght-normal.woff2",
)  # fmt: skip
MODULES = (
    "main", "alerts", "clock", "database", "device", "hold", "inbox", "link", "orders", "outbox", "screen",
    "server", "sharing", "speed", "state", "voice", "words",
)  # fmt: skip
STOPPED_AT_MOST = timedelta(days=7)


@require_safe
@cache_control(no_cache=True)
def page(request: HttpRequest) -> HttpResponse:
    """The page itself, of a phone that is a device already. Knows nobody: the worker keeps it."""
    return _page(request, {})


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, code: str) -> HttpResponse:
    """GET shows what the code is for and uses nothing up; POST exchanges it.

    A POST is JSON, which no page elsewhere can send without being asked for permission first, and it
    takes no cookie into account: so it needs no CSRF token, which a kept page could not have.
    """
    if wait := limits.wait(limits.DRIVE, request.META.get("REMOTE_ADDR") or ""):
        return too_many(request, wait)
    if request.method == "POST":
        return _exchange(request, code)
    try:
        vehicle = drive.find(code).device.vehicle
    except drive.Refused as refused:
        return _page(request, {"refused": _words(refused.code)}, status=_status(refused.code))
    _speak(vehicle.driver.language if vehicle.driver else "")
    response = _page(request, {"code": code, "vehicle": vehicle.name, "fleet": vehicle.fleet.name})
    _remember(response, vehicle.driver.language if vehicle.driver else "")
    return response


def _exchange(request: HttpRequest, code: str) -> HttpResponse:
    claim = _json(request).get("claim")
    sound = isinstance(claim, str) and drive.LEAST_CLAIM_CHARS <= len(claim) <= drive.MOST_CLAIM_CHARS
    try:
        if not sound:
            drive.find(code)  # who has no code is not told what to send with one
            return api_error(400, "bad_request", 'Send JSON: {"claim": 16 to 64 random characters}.')
        device, token = drive.exchange(code, claim=str(claim))
    except drive.Refused as refused:
        return api_error(_status(refused.code), refused.code, _words(refused.code))
    vehicle = device.vehicle
    apps = f"{reverse('connect', args=[vehicle.pk])}?device={device.pk}"
    granted = {"token": token, "uid": device.uid, "vehicle": vehicle.name, "fleet": vehicle.fleet.name}
    return JsonResponse({**granted, "apps": apps})


@csrf_exempt
@require_POST
def sharing(request: HttpRequest) -> HttpResponse:
    """The driver stopped sharing, or shares again. By the device's token; JSON: {"sharing", "time"}.

    Sent again it changes nothing, so a phone repeats it until it is answered.
    """
    try:
        source = admission.admit(admission.bearer(
            {b"authorization": request.headers.get("Authorization", "").encode()}
        ))  # fmt: skip
    except admission.Refused as refused:
        status, why = (403, "forbidden") if refused.known else (401, "unauthorized")
        return api_error(status, why, "Send Authorization: Bearer <jwt> with a valid token.")
    body = _json(request)
    said, time = body.get("sharing"), _time(body.get("time"))
    if not isinstance(said, bool) or (not said and time is None):
        return api_error(400, "bad_request", 'Send {"sharing": true} or {"sharing": false, "time": ISO}.')
    if not source.pending:
        drive.sharing(source.who.device, stopped=None if said else time)
    return JsonResponse({"sharing": said})


def _time(text: object) -> datetime | None:
    """When it was, by the phone's clock: not ahead of ours, and no longer ago than is worth telling."""
    try:
        time = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        return None
    if time.tzinfo is None:
        return None
    moment = now()
    return max(min(time.astimezone(UTC), moment), moment - STOPPED_AT_MOST)


def _json(request: HttpRequest) -> dict[str, Any]:
    """The object in the body; empty when it is none."""
    if request.content_type != "application/json" or int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _status(code: str) -> int:
    return 404 if code == "code_unknown" else 410


def _words(code: str) -> str:
    """What became of a code, and what to do."""
    again = _("Ask whoever gave you the code for a new one.")
    said = {
        "code_unknown": _("This address is not complete, or was never one."),
        "code_expired": _("This code is too old."),
        "code_used": _("This code was used already, by this phone or another."),
        "device_disabled": _("This device is switched off."),
    }
    return f"{said[code]} {again}"


# --- the page, its worker, its manifest ------------------------------------------------------------


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    language = get_language() or "en"
    data = {"language": language, "version": version(), **texts(language)}
    modules = [(name, static(f"js/drive/{name}.js")) for name in MODULES]
    more = {"drive_data": data, "modules": modules}
    return render(request, "drive/page.html", context | more, status=status)


def _speak(language: str) -> None:
    if language:
        translation.activate(language)


def _remember(response: HttpResponse, language: str) -> None:
    """The page without a code is asked for by a phone that nobody knows: it says which language."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=COOKIE_LIFE_S, path=reverse("drive"),
            samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    content = {
        "id": "/drive/",
        "name": _("Fleetline driver"),
        "short_name": _("Driver"),
        "description": _("This phone reports where its vehicle is, and takes messages."),
        "lang": get_language(),
        "start_url": reverse("drive"),
        "scope": reverse("drive"),
        "display": "standalone",
        "background_color": shell.LIGHT,
        "theme_color": shell.LIGHT,
        "color_scheme_dark": {"background_color": shell.DARK, "theme_color": shell.DARK},
        "icons": shell.icons(),
    }
    return JsonResponse(content, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker of /drive/, and in it the files of this version: other files, another worker."""
    files = [static(name) for name in (*SHELL, *(f"js/drive/{name}.js" for name in MODULES))]
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    context = {
        "version": json.dumps(f"fleetline-drive-{digest}"),
        "files": json.dumps(files),
        "page": json.dumps(reverse("drive")),
        "static": json.dumps(settings.STATIC_URL),
    }
    return render(request, "drive/sw.js", context, content_type="text/javascript")
