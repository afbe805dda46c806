"""The system checks find what they are for."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from fleet import checks


def found() -> list[str | None]:
    return [message.id for message in run_checks(tags=["fleetline"])]


def test_all_is_well() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "host",
    [
        "redis://localhost",
        {"address": "redis://localhost"},
        {"address": "redis://localhost", "socket_timeout": 5},
    ],
)
def test_a_layer_whose_idle_sockets_would_end(settings: Settings, host: object) -> None:
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    assert found() == ["fleetline.E002"]


def test_an_old_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checks.LEAST_VERSIONS, "daphne", (99, 0, 0))
    assert found() == ["fleetline.E001"]
