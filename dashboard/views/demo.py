"""The strip that says which vehicles are a demonstration, and takes them away."""

import contextlib
import json
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import Request, fleets_where, signed_in
from tracking.models import Fleet, Role, Vehicle
from tracking.simulation import demo

PROGRESS_KEY = "demo:progress"  # written by the demo's driver
COUNTS_KEY = "chaos:counts"  # written by `make chaos`: acked, stored, lost
REDIS_TIMEOUT_S = 2


@require_safe
@signed_in
def demo_strip(request: Request) -> HttpResponse:
    fleets = Fleet.objects.visible_to(request.user).filter(demo=True)
    ids = set(fleets.values_list("pk", flat=True))
    context: dict[str, Any] = {
        "vehicles": Vehicle.objects.filter(fleet__in=ids).count(),
        "may_remove": bool(ids) and ids <= fleets_where(request.user, Role.MANAGER),
        "progress": _progress() if ids else None,
        "counts": _read(COUNTS_KEY),
    }
    return render(request, "dashboard/_demo_strip.html", context)


@require_POST
@signed_in
def demo_remove(request: Request) -> HttpResponse:
    """Remove every demo fleet and all that is theirs; for managers of all of them."""
    if not Fleet.objects.visible_to(request.user).filter(demo=True).exists():
        raise Http404
    everything = set(Fleet.objects.filter(demo=True).values_list("pk", flat=True))
    if not everything <= fleets_where(request.user, Role.MANAGER):
        raise PermissionDenied(_("Only a manager of the demo fleets can remove them."))
    demo.remove()
    if not request.htmx:
        return redirect("live")
    return HttpResponse(headers={"HX-Redirect": "/"})


def _progress() -> dict[str, Any] | None:
    """`done`, `total` and `percent` while the demo vehicles send their past; None after that, or unknown."""
    with contextlib.suppress(ValueError, LookupError, TypeError):
        said = _read(PROGRESS_KEY)
        if said["phase"] == "history" and said["total"] > 0:
            percent = min(100, 100 * int(said["done"]) // int(said["total"]))
            return {"done": said["done"], "total": said["total"], "percent": percent}
    return None


def _read(key: str) -> dict[str, Any]:
    """What another process says of itself; empty when it is silent or Redis is away."""
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
    )
    with contextlib.suppress(redis.RedisError, OSError, ValueError), client:
        said: dict[str, Any] = json.loads(client.get(key) or "{}")
        return said
    return {}
