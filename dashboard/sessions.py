"""Sessions in the database that know whose they are, and in which browser."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils.timezone import now

from dashboard.models import Session

BROWSER_KEY = "browser"
MAX_BROWSER = 200


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = super().create_model_instance(data)
        assert isinstance(session, Session)  # noqa: S101 (for the type checker)
        session.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        session.browser = str(data.get(BROWSER_KEY, ""))[:MAX_BROWSER]
        return session


def of(user: User) -> "QuerySet[Session]":
    """The browsers in which the user is signed in, the newest first."""
    return Session.objects.filter(user=user, expire_date__gt=now()).order_by("-seen")


# The families of browsers and systems, each before those that also carry its name.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def named(agent: str) -> tuple[str, str]:
    """What a User-Agent calls itself, for people: ("Firefox", "Linux"); empty where it is unknown."""
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "")
    return browser, next((name for sign, name in SYSTEMS.items() if sign in agent), "")
