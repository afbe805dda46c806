"""What every page tells its scripts, as one JSON document: texts in the reader's language, settings."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

from dashboard.access import roles
from dashboard.models import Profile
from tracking.models import Vehicle

# Plural rules of gettext look at a number, or at its last two digits: the forms of 0 to 199
# say everything, and the browser needs no `eval`.
PLURALS = 200
MANY_VEHICLES = 5000  # of more, positions come by the megabyte: the page has its socket in a worker


def page_data(request: HttpRequest) -> dict[str, Any]:
    """`page_data`, for `json_script` in base.html."""

    def data() -> dict[str, Any]:
        language = get_language() or "en"
        user = getattr(request, "user", None)
        known = settings_of(user) if user is not None and user.is_authenticated else {}
        return {"language": language, "version": version(), **texts(language), **known}

    return {"page_data": data}


@lru_cache
def texts(language: str) -> dict[str, Any]:
    """The catalogue: {"texts": {English: text or its plural forms}, "plurals": forms of 0-199}."""
    view = JavaScriptCatalog()
    view.translation = DjangoTranslation(language, domain="djangojs", localedirs=None)
    form: Callable[[int], int] = view.translation.plural
    catalogue = {key: value for key, value in view.get_catalog().items() if key}
    return {"texts": catalogue, "plurals": "".join(str(form(n)) for n in range(PLURALS)) if catalogue else ""}


def version() -> str:
    """Which pages' files this server serves: a page with others is older or newer than it."""
    return str(getattr(staticfiles_storage, "manifest_hash", ""))


def settings_of(user: Any) -> dict[str, Any]:
    """What a person prefers, and what their fleets say about their vehicles."""
    profile = Profile.objects.filter(user=user).first() or Profile()
    return {
        "zone": profile.time_zone,
        "units": profile.units,
        "single_keys": profile.single_keys,
        "dim_filtered": profile.dim_filtered,
        "sound": profile.sound,
        "fleets": fleets(user),
        "many_vehicles": many_vehicles(user),
    }


def many_vehicles(user: Any) -> bool:
    seen = Vehicle.objects.visible_to(user).order_by()
    return bool(seen[MANY_VEHICLES : MANY_VEHICLES + 1].values_list("pk"))


def fleets(user: Any) -> list[dict[str, Any]]:
    return [
        {
            "slug": fleet.slug,
            "name": fleet.name,
            "role": role.value,
            "offline_moving_s": fleet.offline_moving_s,
            "offline_stopped_s": fleet.offline_stopped_s,
        }
        for fleet, role in roles(user)
    ]
