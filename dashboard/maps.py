"""The maps that people may choose, and whom their browsers ask for them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from dashboard.models import OnlineMap
from tracking import towns

STREETS = "streets-online"
# OpenFreeMap: public, without keys or limits; data of OpenStreetMap, which the style itself credits.
STREETS_HOST = "tiles.openfreemap.org"


def streets(*, on: bool) -> dict[str, Any]:
    """ "Streets (online)", for everybody once a manager has turned it on."""
    return {
        "name": STREETS,
        "kind": "style",
        "label": gettext("Streets (online)"),
        "style": f"https://{STREETS_HOST}/styles/liberty",
        "dark": f"https://{STREETS_HOST}/styles/dark",
        "hosts": [f"https://{STREETS_HOST}"],
        "on": on,
    }


def offers(known: list[towns.Town]) -> list[dict[str, Any]]:
    """Everything in the menu besides the built-in map, in its order."""
    own = [
        {
            "name": f"town-{town.name}",
            "kind": "pmtiles",
            "label": town.name,
            "pmtiles": address(town, "tiles.pmtiles"),
            "attribution": town.credit,
            "hosts": [],
            "on": True,
        }
        for town in known
        if town.kind == "raster"
    ]
    configured = [{**style, "on": True} for style in settings.MAP_STYLES]
    return [*own, *configured, streets(on=OnlineMap.objects.filter(name=STREETS).exists())]


def drawn(known: list[towns.Town]) -> list[dict[str, Any]]:
    """The towns that are part of the built-in map, as static/js/basemap.js takes them."""
    return [
        {
            "name": town.name,
            "bounds": town.bounds,
            "credit": town.credit,
            "schema": town.schema,
            **{key: address(town, file) for key, file in town.files.items()},
        }
        for town in known
        if town.kind != "raster"
    ]


def address(town: towns.Town, file: str) -> str:
    """Changes with the file, so that browsers may keep it."""
    version = (town.folder / file).stat().st_mtime_ns // 1_000_000
    return reverse("town_file", args=[town.name, version, file])


def allow(request: HttpRequest, offered: list[dict[str, Any]]) -> None:
    """Let this page ask the hosts of the maps that are on; the policy of its answer names them."""
    hosts = {host for offer in offered if offer["on"] for host in offer["hosts"]}
    request.map_hosts = sorted(hosts)  # type: ignore[attr-defined]
