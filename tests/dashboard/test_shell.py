"""Manifest, service worker and the page without network."""

import json
import re

import pytest

from dashboard.views import shell


@pytest.mark.parametrize("path", ["/manifest.webmanifest", "/sw.js", "/offline/"])
def test_the_shell_is_for_everybody_and_knows_nobody(house, client, sign_in, path) -> None:
    ours, theirs = sign_in("bob").get(path), client.get(path)
    assert ours.status_code == theirs.status_code == 200
    assert ours.content == theirs.content
    assert "sessionid" not in ours.cookies
    assert b"bob" not in ours.content
    assert "csrf" not in ours.content.decode().lower()


def test_the_worker_is_asked_for_anew_each_time(client, db) -> None:
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer["Cache-Control"]
    assert "worker-src 'self'" in answer["Content-Security-Policy"]


def test_another_build_is_another_worker(client, db, monkeypatch) -> None:
    def version(files: dict[str, str]) -> str:
        monkeypatch.setattr(shell, "_names", lambda: files)
        return re.findall(r'VERSION = "(fleetline-[0-9a-f]{12})"', client.get("/sw.js").content.decode())[0]

    one = version({"js/live.js": "js/live.000000000001.js"})
    assert one == version({"js/live.js": "js/live.000000000001.js"})
    assert one != version({"js/live.js": "js/live.000000000002.js"})


def test_the_worker_fetches_the_shell_and_no_more(client, db, monkeypatch) -> None:
    ours = ["js/live.js", "css/base.css", "npm/htmx/htmx.min.js"]
    names = [*ours, "npm/maplibre-gl/maplibre-gl.mjs", "basemap/roads.json"]
    monkeypatch.setattr(shell, "_names", lambda: {name: name for name in names})
    files = json.loads(re.findall(r"FILES = (\[.*\])", client.get("/sw.js").content.decode())[0])
    assert files == ["/static/css/base.css", "/static/js/live.js", "/static/npm/htmx/htmx.min.js"]
    assert shell.shell_files() == files
