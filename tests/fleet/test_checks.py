"""The system checks find what they are for, and each says what to do."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from fleet import checks
from tests import servers

ROOT = Path(__file__).parent.parent.parent


def found(*, deploy: bool = False) -> list[str]:
    messages = run_checks(tags=["fleetline"], include_deployment_checks=deploy)
    assert all(message.hint or "Redis" in message.msg for message in messages)
    return sorted(message.id or "" for message in messages if message.id != "fleetline.W001")


def test_all_is_well() -> None:
    assert found() == []


def test_all_is_well_on_a_server_too(settings: Settings) -> None:
    settings.HTTPS, settings.ALLOWED_HOSTS = True, ["fleet.example.org"]
    settings.ORIGINS = ["https://fleet.example.org"]
    assert found(deploy=True) == []


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


PUBLIC = {"ALLOWED_HOSTS": ["fleet.example.org"], "HTTPS": True}


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({"DEBUG": True}, []),
        ({"DEBUG": True, **PUBLIC}, ["E003"]),
        ({"DEBUG": True, "ORIGINS": ["https://fleet.example.org"], "HTTPS": True}, ["E003"]),
        ({"SECRET_KEY": "short"}, ["E004"]),
        ({"SECRET_KEY": 64 * "a"}, ["E004"]),
        ({"TOKEN_KEYS": {"k1": 64 * "a"}}, ["E004"]),
        ({"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}, ["E007"]),
        ({"ALLOWED_HOSTS": ["*"], "HTTPS": True}, ["W002"]),
        ({"DEVICE_TOKEN_IN_QUERY": True}, ["W003"]),
        ({"AUTO_REGISTER": "on"}, ["W004"]),
        ({"AUTO_REGISTER": "pending"}, []),
        ({"ALLOWED_HOSTS": ["fleet.example.org"]}, ["W005"]),
        ({"ALLOWED_HOSTS": ["192.168.1.5"]}, ["W005"]),
        ({"ALLOWED_HOSTS": ["127.0.0.2", "[::1]", "map.localhost"]}, []),
        ({"TRUSTED_PROXIES": [ip_network("0.0.0.0/0")]}, ["W009"]),
        ({"TRUSTED_PROXIES": [ip_network("10.0.0.0/8")]}, []),
        ({"ADMIN_PASSWORD": "admin"}, ["W010"]),
        ({**PUBLIC, "ORIGINS": ["http://fleet.example.org"]}, ["W011"]),
    ],
)
def test_a_dangerous_setting(settings: Settings, values: dict[str, Any], ids: list[str]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    assert found(deploy=True) == [f"fleetline.{id}" for id in ids]


def test_a_secret_that_others_can_read(settings: Settings, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    (tmp_path / "token_key").write_text("x")
    os.chmod(tmp_path / "token_key", 0o600)
    assert found() == []
    os.chmod(tmp_path / "token_key", 0o640)
    assert found() == ["fleetline.E006"]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], []),
        (["--appendonly", "no"], ["E005"]),
        (["--maxmemory-policy", "allkeys-lru"], ["E005"]),
        (["--appendfsync", "everysec"], ["W006"]),
    ],
)
def test_a_redis_that_would_lose_positions(
    settings: Settings, tmp_path: Path, options: list[str], ids: list[str]
) -> None:
    with servers.redis(tmp_path, *options) as url:
        settings.REDIS_URL = settings.JOURNAL_URL = url
        assert found(deploy=True) == [f"fleetline.{id}" for id in ids]


def test_a_redis_that_is_away_or_open_to_the_network(settings: Settings) -> None:
    settings.REDIS_URL = settings.JOURNAL_URL = "redis://127.0.0.1:1"
    assert found(deploy=True) == ["fleetline.I001"]
    settings.REDIS_URL = settings.JOURNAL_URL = "redis://redis.invalid:6379"
    assert found(deploy=True) == ["fleetline.I001", "fleetline.W008"]


def test_every_id_is_given_once_and_documented() -> None:
    source = (ROOT / "fleet" / "checks.py").read_text()
    ids = re.findall(r'"(fleetline\.[EWI]\d{3})"', source)
    assert len(ids) == len(set(ids))
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()
    assert [name for name in ids if f"`{name.removeprefix('fleetline.')}`" not in text] == []
