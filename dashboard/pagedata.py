"""What every page tells its scripts, as one JSON document: texts in the reader's language, settings."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

# Plural rules of gettext look at a number, or at its last two digits: the forms of 0 to 199
# say everything, and the browser needs no `eval`.
PLURALS = 200


@lru_cache
def texts(language: str) -> dict[str, Any]:
    """The catalogue: {"texts": {English: text or its plural forms}, "plurals": forms of 0-199}."""
    view = JavaScriptCatalog()
    view.translation = DjangoTranslation(language, domain="djangojs", localedirs=None)
    form: Callable[[int], int] = view.translation.plural
    catalogue = {key: value for key, value in view.get_catalog().items() if key}
    return {"texts": catalogue, "plurals": "".join(str(form(n)) for n in range(PLURALS)) if catalogue else ""}


def page_data(request: HttpRequest) -> dict[str, Any]:
    """`page_data`, for `json_script` in base.html."""

    def data() -> dict[str, Any]:
        language = get_language() or "en"
        return {"language": language, **texts(language)}

    return {"page_data": data}
