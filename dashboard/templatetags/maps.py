"""What a page with a map needs of the server."""

from typing import Any

from django import template
from django.template.context import RequestContext

from dashboard import maps
from tracking import towns

register = template.Library()


@register.inclusion_tag("dashboard/_map_tools.html", takes_context=True)
def map_tools(context: RequestContext) -> dict[str, Any]:
    """The menu of maps, the list of a count, and the addresses of everything that is drawn.

    Maps that are on may be asked for by this page: its policy follows the database at each answer.
    """
    request = context["request"]
    known = towns.known()
    offered = maps.offers(known)
    maps.allow(request, offered)
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "offers": [offer for offer in offered if offer["on"]],
        "streets": offered[-1],
        "host": maps.STREETS_HOST,
        "manages": context.get("manages"),
        "map_settings": {"offers": offered, "towns": maps.drawn(known)},
    }
