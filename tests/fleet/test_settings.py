"""Settings run with nothing set, and refuse a bad value with a sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def read(
    tmp_path: Path, expression: str = "'fine'", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Read the settings in a process of its own, as every command does."""
    code = f"from django.conf import settings; print({expression})"
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    clean |= {"DATA": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "fleet.settings"}
    return subprocess.run(
        [sys.executable, "-c", code + "; settings.DEBUG"],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True,
    )  # fmt: skip


def test_nothing_set(tmp_path: Path) -> None:
    result = read(tmp_path, "settings.REDIS_URL, settings.DEBUG")
    assert result.stdout.split() == [f"unix://{tmp_path}/data/redis/redis.sock", "False"], result.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "maybe", "Use 1 or 0."),
        ("REDIS_URL", "localhost:6379", "is not an address of the form redis://"),
        ("JOURNAL_URL", "http://redis", "is not an address of the form redis://"),
        ("DATABASE_URL", "mysql://a/b", "use postgres://"),
        ("TOKEN_KEYS", "k1:short", "openssl rand"),
        ("TOKEN_KEYS", "k1:" + 40 * "a" + ",k1:" + 40 * "b", "distinct kids"),
        ("ORIGINS", "fleet.example.org", "https://fleet.example.org"),
        ("AUTO_REGISTER", "always", "is not one of"),
        ("JOURNAL_LIMIT", "-1", "whole number of at least 1000"),
        ("JOURNAL_SHARDS", "two", "whole number"),
        ("LOG_LEVEL", "loud", "is not one of"),
        ("DATA", "/proc/nowhere", "Point DATA at a folder"),
    ],
)
def test_a_bad_value_is_refused_in_words(tmp_path: Path, name: str, value: str, words: str) -> None:
    result = read(tmp_path, "settings.DATA", **{name: value})
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert name in last
    assert words in last


def test_secrets_are_made_once_and_are_ours_alone(tmp_path: Path) -> None:
    first, second = (read(tmp_path, "settings.SECRET_KEY, settings.TOKEN_KEYS").stdout for _ in range(2))
    assert first == second != ""
    for name in ("secret_key", "token_key"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600


def test_keys_are_read_with_spaces_and_colons(tmp_path: Path) -> None:
    key = "a:" + 32 * "b"
    result = read(tmp_path, "settings.TOKEN_KEYS", TOKEN_KEYS=f"k1:{key}, k2:{key}")
    assert result.stdout.strip() == str({"k1": key, "k2": key})


def test_postgres_gets_a_pool(tmp_path: Path) -> None:
    result = read(
        tmp_path, "settings.DATABASES['default']['OPTIONS']", DATABASE_URL="postgres://a:b@c:5432/d"
    )
    assert "'pool'" in result.stdout, result.stderr
