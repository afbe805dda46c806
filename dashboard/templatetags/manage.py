"""The sections of the manage pages, on each of them."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.access import fleets_where
from tracking.models import PendingDevice, Role

register = template.Library()
DAY_S = 86_400

# url name of each section, and the beginnings of the names of its pages.
SECTIONS = {
    "manage": ("manage", "connect", "track_import"),
    "manage_drivers": ("manage_driver",),
    "manage_devices": ("manage_device",),
    "manage_pending": ("manage_pending",),
    "manage_fleets": ("manage_fleet",),
    "people": ("people", "person", "member", "invit"),
}


@register.inclusion_tag("dashboard/manage/_sections.html", takes_context=True)
def manage_sections(context: dict[str, Any]) -> dict[str, Any]:
    request: HttpRequest = context["request"]
    words = {
        "manage": _("Vehicles"),
        "manage_drivers": _("Drivers"),
        "manage_devices": _("Devices"),
        "manage_pending": _("Waiting"),
        "manage_fleets": _("Fleets"),
        "people": _("People"),
    }
    waiting = PendingDevice.objects.filter(fleet__in=fleets_where(context["user"], Role.MANAGER)).count()
    here = _section(request.resolver_match.url_name or "" if request.resolver_match else "")
    return {
        "sections": [
            {
                "url": reverse(name),
                "words": words[name],
                "here": name == here,
                "count": waiting if name == "manage_pending" else 0,
            }
            for name in SECTIONS
        ]
    }


def _section(route: str) -> str:
    """The section that a page belongs to: the one with the longest fitting beginning."""
    fitting = [
        (len(start), name) for name, starts in SECTIONS.items() for start in starts if route.startswith(start)
    ]
    return max(fitting, default=(0, ""))[1]


@register.filter
def span(moment: datetime) -> str:
    """How far a moment is from now, in the largest unit up to days: `12 days`, `3 hours`, `1 minute`."""
    seconds = abs((moment - now()).total_seconds())
    if seconds >= DAY_S:
        days = int(seconds // DAY_S)
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if seconds >= 3600:
        hours = int(seconds // 3600)
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    minutes = max(1, int(seconds // 60))
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@register.filter
def at_ms(ms: int) -> datetime:
    """A moment in milliseconds since the epoch, for `{% moment %}`."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@register.simple_tag(takes_context=True)
def table_url(context: dict[str, Any], **changes: Any) -> str:
    """The address of this table as it is now, with changes: `{% table_url page=2 %}`."""
    kept = {name: context.get(name) for name in ("q", "fleet", "tag", "sort")}
    query = {name: value for name, value in (kept | changes).items() if value}
    return f"{context['here']}?{urlencode(query)}"


@register.inclusion_tag("dashboard/manage/_column.html", takes_context=True)
def column(context: dict[str, Any], name: str, words: str) -> dict[str, Any]:
    """The head of a column that the table can be sorted by; again, the other way round."""
    sort = context["sort"]
    direction = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    other = f"-{name}" if sort == name else name
    return {"words": words, "direction": direction, "url": table_url(context, sort=other)}
