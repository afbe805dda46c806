"""To whom a broadcast goes: a fleet, chosen vehicles, those in a drawn area, those nearest to a place."""

import json
import math
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.access import fleets_where
from tracking import broadcasts as ledger
from tracking.database import parts
from tracking.messages import Refused
from tracking.models import Fleet, Role, Vehicle

KINDS = ("fleet", "vehicles", "area", "nearest")
USUAL_NEAREST = 5
MAX_NEAREST = 500
NAMED = 60  # of those who get it, the first are named


def writable(user: User, ids: str) -> list[Vehicle]:
    """Of vehicles named as "1,2,3" those that the user may write to; what is no number names none."""
    words = ids.split(",")[: ledger.MAX_VEHICLES + 1]
    wanted = {int(word[:18]) for word in words if word.strip().isdecimal()}
    mine = _mine(user)
    return [vehicle for part in parts(sorted(wanted)) for vehicle in mine.filter(pk__in=part)]


def chosen(user: User, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What `_recipients.html` needs. `to` is one of KINDS.

    With it: `fleets` (slugs), `ids`, `area` (GeoJSON), or `place` ("52.5, 13.4") and `count`.
    """
    to, refusal = asked.get("to", ""), ""
    found: list[Vehicle] = []
    try:
        found = _found(user, to, asked)
    except Refused as error:
        refusal = error.detail
    ids = asked.get("ids", "")
    left = len({word for word in ids.split(",") if word.strip()}) - len(found) if to == "vehicles" else 0
    return {
        "recipients": found[:NAMED],
        "vehicles": ",".join(str(vehicle.pk) for vehicle in found),
        "number": len(found),
        "more": max(0, len(found) - NAMED),
        "left_out": max(0, left),
        "too_many": ledger.MAX_VEHICLES if len(found) > ledger.MAX_VEHICLES else 0,
        "to_refusal": refusal,
        "asked": bool(to),
    }


def _found(user: User, to: str, asked: Mapping[str, Any]) -> list[Vehicle]:
    mine = _mine(user)
    if to == "fleet":
        slugs = asked.getlist("fleets") if hasattr(asked, "getlist") else []
        return list(mine.filter(fleet__slug__in=slugs))
    if to == "vehicles":
        return writable(user, asked.get("ids", ""))
    if to == "area":
        return ledger.inside(mine, _area(asked.get("area", "")))
    if to == "nearest":
        latitude, longitude = place(asked.get("place", ""))
        count = asked.get("count", "")
        many = int(count) if count.isdecimal() and len(count) < 6 else USUAL_NEAREST
        many = min(max(many, 1), MAX_NEAREST)
        return ledger.nearest(mine, latitude=latitude, longitude=longitude, count=many)
    return []


def _mine(user: User) -> QuerySet[Vehicle]:
    fleets = fleets_where(user, Role.DISPATCHER)
    return Vehicle.objects.filter(fleet__in=fleets).select_related("fleet", "driver")


def _area(drawn: str) -> dict[str, Any]:
    try:
        area = json.loads(drawn)
    except (ValueError, RecursionError):
        area = None
    if not isinstance(area, dict):
        raise Refused("invalid_area", _("Draw an area first."))
    return area


def place(typed: str) -> tuple[float, float]:
    """Latitude and longitude of "52.5, 13.4"; raise Refused for anything else."""
    try:
        latitude, longitude = (float(word) for word in typed.replace(";", ",").split(","))
    except ValueError:
        latitude = longitude = math.nan
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise Refused("invalid_place", _("A place is latitude, longitude: 52.52, 13.405."))
    return latitude, longitude


def target(user: User, said: Mapping[str, Any]) -> dict[str, Any]:
    """How they were chosen, for the reader of the board."""
    to = said.get("to", "")
    if to == "fleet" and hasattr(said, "getlist"):
        fleets = Fleet.objects.visible_to(user).filter(slug__in=said.getlist("fleets"))
        return {"kind": "fleet", "name": ", ".join(fleets.values_list("name", flat=True))[:200]}
    return {"kind": to if to in KINDS else "vehicles"}


def target_words(kept: Mapping[str, Any], number: int = 0) -> str:
    """ "to North", "to an area" """
    name = kept.get("name")
    words = {
        "fleet": _("to %(name)s") % {"name": name} if name else "",
        "area": _("to an area"),
        "nearest": _("to the nearest"),
    }.get(kept.get("kind", ""), "")
    return words or ngettext("to %(n)d vehicle", "to %(n)d vehicles", number) % {"n": number}
