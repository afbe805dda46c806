"""System checks: what bites on this stack and would otherwise show only under load.

`manage.py check` runs them, and every command before it starts.
"""

import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection

# Below these: a way to exhaust Daphne's memory before authentication; options of PyJWT that
# tokens.py relies on.
LEAST_VERSIONS = {"daphne": (4, 2, 2), "PyJWT": (2, 15, 0), "redis": (6, 2, 0)}
# channels_redis blocks this long in a read.
LAYER_READ_S = 5
SAFE_SQLITE = (3, 51, 3)


@register("fleetline")
def versions(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found = {name: version(name) for name in LEAST_VERSIONS}
    return [
        Error(
            f"{name} {found[name]} is too old: {'.'.join(map(str, least))} or newer is needed.",
            hint="Install from the lock file: pip install --require-hashes -r requirements.txt",
            id="fleetline.E001",
        )
        for name, least in LEAST_VERSIONS.items()
        if tuple(int(part) for part in found[name].split(".")[:3] if part.isdecimal()) < least
    ]


@register("fleetline")
def idle_sockets_live(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The layer's read blocks 5 s; redis-py's own default gives up after 5 s and ends the socket."""
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = layer["CONFIG"]["hosts"]
    short = [
        host
        for host in hosts
        if not isinstance(host, dict)
        or (host.get("socket_timeout", LAYER_READ_S) or LAYER_READ_S + 1) <= LAYER_READ_S
    ]
    if not short:
        return []
    return [
        Error(
            "CHANNEL_LAYERS: a host without a socket_timeout over 5 s: idle sockets would end after 5 s.",
            hint='Write it as {"address": …, "socket_timeout": 15}.',
            id="fleetline.E002",
        )
    ]


@register("fleetline", deploy=True)
def sqlite_in_production(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if connection.vendor != "sqlite" or sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return []
    return [
        Warning(
            f"SQLite {sqlite3.sqlite_version} has a rare race between a checkpoint and other connections.",
            hint="Use PostgreSQL (DATABASE_URL) in production, or SQLite 3.51.3.",
            id="fleetline.W001",
        )
    ]
