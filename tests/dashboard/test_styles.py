"""Whom the page may ask for maps; the files of towns, whole and in parts."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import pmtiles

ONLINE = "https://tiles.openfreemap.org"


@pytest.fixture(autouse=True)
def _own_towns(settings: Any, tmp_path: Path) -> None:
    settings.TOWNS = tmp_path / "maps"
    settings.MAP_STYLES = []


def policy(page: Any) -> dict[str, str]:
    rules = (rule.partition(" ") for rule in page["Content-Security-Policy"].split("; "))
    return {name: sources for name, _, sources in rules}


def offers(page: Any) -> dict[str, dict[str, Any]]:
    said = re.search(r'<script id="map-settings"[^>]*>(.*?)</script>', page.content.decode(), re.DOTALL)
    assert said is not None
    return {offer["name"]: offer for offer in json.loads(said[1])["offers"]}


def turn(client: Any, on: str, **more: str) -> Any:
    return client.post(f"/maps/styles/streets-online/{on}/", more)


def test_no_page_names_a_foreign_host(sign_in) -> None:
    client = sign_in("alice")
    for path in ("/", "/alerts/", "/login/"):
        assert "http" not in client.get(path)["Content-Security-Policy"]


def test_a_manager_turns_streets_on_and_the_policy_follows_at_once(sign_in) -> None:
    manager, viewer = sign_in("alice"), sign_in("vera")
    page = manager.get("/").content.decode()
    assert "tiles.openfreemap.org (OpenFreeMap" in page
    assert turn(manager, "on", next="/?s=moving")["Location"] == "/?s=moving"
    for client in (manager, viewer):
        page = client.get("/")
        rules = policy(page)
        assert rules["connect-src"] == f"'self' {ONLINE}"
        assert rules["img-src"] == f"'self' data: blob: {ONLINE}"
        assert "openfreemap" not in rules["script-src"] + rules["style-src"] + rules["default-src"]
        assert offers(page)["streets-online"]["on"] is True
        assert 'value="streets-online"' in page.content.decode()
    assert "http" not in manager.get("/alerts/")["Content-Security-Policy"]  # no map, no need
    turn(manager, "on")  # twice is once
    turn(manager, "off")
    page = viewer.get("/")
    assert "http" not in page["Content-Security-Policy"]
    assert offers(page)["streets-online"]["on"] is False


def test_others_may_not_and_are_told_who_may(sign_in) -> None:
    for name in ("bob", "vera"):
        client = sign_in(name)
        assert "A manager can turn it on." in client.get("/").content.decode()
        assert turn(client, "on").status_code == 403
    assert "http" not in sign_in("vera").get("/")["Content-Security-Policy"]


def test_turning_is_for_who_means_it(sign_in, client, house) -> None:
    assert turn(client, "on").status_code == 302  # to the login
    assert sign_in("alice").get("/maps/styles/streets-online/on/").status_code == 405
    assert turn(sign_in("alice", enforce_csrf_checks=True), "on").status_code == 403
    assert sign_in("alice").post("/maps/styles/other/on/").status_code == 404
    assert turn(sign_in("alice"), "off", next="https://evil.example/")["Location"] == "/"


def test_configured_styles_are_on_with_their_hosts(sign_in, settings) -> None:
    from fleet import map_styles

    styles = [{"name": "aerial", "tiles": "https://a.example.org/{z}/{x}/{y}.png", "datum": "gcj02"}]
    settings.MAP_STYLES = map_styles.parse(json.dumps(styles))
    page = sign_in("vera").get("/")
    assert policy(page)["connect-src"] == "'self' https://a.example.org"
    assert offers(page)["aerial"]["datum"] == "gcj02"


def packed(tmp_path: Path, name: str = "aerial", kind: int = pmtiles.PNG, **metadata: Any) -> bytes:
    from tracking import towns

    path = tmp_path / f"{name}.pmtiles"
    path.write_bytes(pmtiles.archive(pmtiles.png(9, 9, 9), kind, **metadata))
    towns.add(path)
    return path.read_bytes()


async def body(answer: Any) -> bytes:
    chunks: AsyncIterator[bytes] = answer.streaming_content
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.django_db(transaction=True)
async def test_a_file_is_read_whole_and_in_parts(async_client, house, tmp_path) -> None:
    content = packed(tmp_path)
    await async_client.aforce_login(house.vera)
    page = await async_client.get("/")
    address = offers(page)["town-aerial"]["pmtiles"]
    whole = await async_client.get(address)
    assert whole.status_code == 200
    assert whole["Accept-Ranges"] == "bytes"
    assert await body(whole) == content
    size = len(content)
    for said, begin, end in (
        ("bytes=0-126", 0, 127),
        ("bytes=100-", 100, size),
        ("bytes=-10", size - 10, size),
        (f"bytes=5-{size + 500}", 5, size),
    ):
        part = await async_client.get(address, headers={"range": said})
        assert part.status_code == 206, said
        assert part["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part["Content-Length"] == str(end - begin)
        assert await body(part) == content[begin:end]
    for said in (f"bytes={size}-", "bytes=-0"):
        none = await async_client.get(address, headers={"range": said})
        assert (none.status_code, none["Content-Range"]) == (416, f"bytes */{size}")
    for said in ("bytes=7-3", "bytes=a-b", "bytes=0-1,5-6", "items=0-1"):
        assert (await async_client.get(address, headers={"range": said})).status_code == 200
    known = await async_client.get(address, headers={"if-none-match": whole["ETag"]})
    assert known.status_code == 304
    stale = await async_client.get(address, headers={"range": "bytes=0-1", "if-range": '"old"'})
    assert stale.status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_files_are_for_people_who_are_signed_in_and_nothing_else_is_served(
    async_client, house, tmp_path
) -> None:
    packed(tmp_path)
    address = "/maps/towns/aerial/1/tiles.pmtiles"
    assert (await async_client.get(address)).status_code == 401
    await async_client.aforce_login(house.vera)
    assert (await async_client.get(address)).status_code == 200
    for path in (
        "/maps/towns/aerial/1/about.json",
        "/maps/towns/aerial/1/roads.json",
        "/maps/towns/none/1/tiles.pmtiles",
        "/maps/towns/aerial/1/..%2F..%2Fsecret_key",
    ):
        assert (await async_client.get(path)).status_code == 404


def test_towns_are_part_of_the_built_in_map(sign_in, tmp_path) -> None:
    packed(tmp_path, "region", pmtiles.MVT, vector_layers=[{"id": "roads"}, {"id": "earth"}])
    page = sign_in("vera").get("/").content.decode()
    (town,) = json.loads(page.split('id="map-settings"')[1].split(">", 1)[1].split("</script>")[0])["towns"]
    assert (town["name"], town["schema"]) == ("region", "protomaps")
    assert re.fullmatch(r"/maps/towns/region/[0-9]+/tiles\.pmtiles", town["tiles"])
