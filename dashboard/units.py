"""Figures as a person reads them: in their units, their language. The same as static/js/format.js."""

from django.utils.formats import number_format
from django.utils.translation import gettext

from dashboard.models import Profile

METRES_PER_MILE = 1609.344
METRES_PER_FOOT = 0.3048


def speed(metres_per_second: float, units: str) -> str:
    if units == Profile.Units.IMPERIAL:
        return f"{round(metres_per_second * 3600 / METRES_PER_MILE)} mph"
    return f"{round(metres_per_second * 3.6)} km/h"


def distance(metres: float, units: str) -> str:
    """`850 m`, `3.2 km`, `214 km`; `0.5 mi`."""
    if units == Profile.Units.IMPERIAL:
        miles = metres / METRES_PER_MILE
        return length(metres, units) if miles < 0.1 else f"{_number(miles, 1 if miles < 10 else 0)} mi"
    if metres < 1000:
        return f"{round(metres)} m"
    return f"{_number(metres / 1000, 1 if metres < 9950 else 0)} km"


def length(metres: float, units: str) -> str:
    if units == Profile.Units.IMPERIAL:
        return f"{round(metres / METRES_PER_FOOT)} ft"
    return f"{round(metres)} m"


def duration(milliseconds: int) -> str:
    """`2 h 5 min`, `12 min`."""
    minutes = round(milliseconds / 60_000)
    if minutes < 60:
        return gettext("%(minutes)s min") % {"minutes": minutes}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}


def _number(value: float, digits: int) -> str:
    return number_format(round(value, digits), decimal_pos=digits, use_l10n=True, force_grouping=True)
