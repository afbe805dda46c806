"""The embedded Redis is found and durable; an operator's own is refused when it is not."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
import redis

from fleet import embedded
from tests import servers


def test_the_sessions_redis_is_durable() -> None:
    assert embedded.check(os.environ["REDIS_URL"]) == embedded.Findings()


def test_a_redis_without_journal_file_is_refused(tmp_path: Path) -> None:
    with servers.redis(tmp_path, "--appendonly", "no") as url:
        findings = embedded.check(url)
    assert "Set appendonly yes" in findings.errors[0]


def test_an_evicting_redis_is_refused(tmp_path: Path) -> None:
    with servers.redis(tmp_path, "--maxmemory-policy", "allkeys-lru") as url:
        findings = embedded.check(url)
    assert "Set maxmemory-policy noeviction" in findings.errors[0]


def test_a_redis_that_writes_every_second_is_warned_about(tmp_path: Path) -> None:
    with servers.redis(tmp_path, "--appendfsync", "everysec") as url:
        findings = embedded.check(url)
    assert not findings.errors
    assert "Set appendfsync always" in findings.warnings[0]


def test_a_hosted_redis_that_forbids_config_is_warned_about(tmp_path: Path) -> None:
    with servers.redis(tmp_path, "--rename-command", "CONFIG", "") as url:
        findings = embedded.check(url)
    assert not findings.errors
    assert "CONFIG is forbidden" in findings.warnings[0]


def test_a_missing_redis_is_named_without_its_password() -> None:
    port = servers.free_port()
    findings = embedded.check(f"redis://:geheim@127.0.0.1:{port}/0")
    assert f"127.0.0.1:{port}" in findings.errors[0]
    assert "geheim" not in findings.errors[0]


def test_a_long_data_folder_gets_a_short_socket_only_we_may_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        path = embedded.socket_path(Path("/" + "long/" * 30))
        assert len(os.fsencode(path)) <= 107
        embedded.make_folder(path.parent)
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    (tmp_path / "ours").symlink_to(target)
    with pytest.raises(PermissionError, match="XDG_RUNTIME_DIR"):
        embedded.make_folder(tmp_path / "ours")


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    for expected in range(3):
        server = subprocess.Popen(embedded.command(path, tmp_path), stdout=subprocess.DEVNULL)
        try:
            servers.wait_for(lambda: embedded.answers(f"unix://{path}"), "Redis")
            with redis.Redis.from_url(f"unix://{path}") as client:
                assert client.xlen("journal") == expected
                client.xadd("journal", {"b": b"position"})
        finally:
            server.kill()
            server.wait()
