"""What makes the pages an app that can be installed: manifest, service worker, a page without network.

The worker keeps files under hashed names and the page that says there is no network. It never keeps
an answer that depends on who asks.
"""

import hashlib
import json
import re

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

LIGHT, DARK = "#ffffff", "#161e27"  # --surface of base.css
# What every page needs; map, fonts of other scripts and the base map are kept when first asked for.
SHELL = re.compile(
    r"(css|js)/[^/]+\.(css|js)|npm/htmx/htmx\.min\.js|npm/inter/inter-latin-wght-normal\.woff2|img/icon\.svg"
)


def icons() -> list[dict[str, str]]:
    """The icons of a manifest."""
    return [
        {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": static("img/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("img/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {
            "src": static("img/icon-maskable-512.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    content = {
        "id": "/",
        "name": "Fleetline",
        "short_name": "Fleetline",
        "description": _("GPS fleet tracking: live map, messages to drivers, track history"),
        "lang": get_language(),
        "start_url": reverse("live"),
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "color_scheme_dark": {"background_color": DARK, "theme_color": DARK},
        "icons": icons(),
        "shortcuts": [
            {"name": _("Live"), "url": reverse("live")},
            {"name": _("Messages"), "url": reverse("messages")},
            {"name": _("Alerts"), "url": reverse("alerts")},
        ],
    }
    return JsonResponse(content, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker for all of `/`, and in it the files of this version: other files, another worker."""
    files = shell_files()
    version = hashlib.sha256("\n".join(sorted(_names().values())).encode()).hexdigest()[:12]
    context = {
        "version": json.dumps(f"fleetline-{version}"),
        "files": json.dumps(files),
        "offline": json.dumps(reverse("offline")),
        "static": json.dumps(settings.STATIC_URL),
    }
    return render(request, "dashboard/sw.js", context, content_type="text/javascript")


@require_safe
@cache_control(public=True, max_age=3600)
def offline(request: HttpRequest) -> HttpResponse:
    """Shown by the worker in the place of any page while there is no network. Knows nobody."""
    return render(request, "dashboard/offline.html")


def _names() -> dict[str, str]:
    """Every static file by its hashed name; none where names are not hashed."""
    return getattr(staticfiles_storage, "hashed_files", {})


def shell_files() -> list[str]:
    """Addresses of what the worker fetches when it is installed."""
    return sorted(static(name) for name in _names() if SHELL.fullmatch(name))
