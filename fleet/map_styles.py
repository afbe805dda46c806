"""The setting MAP_STYLES: other maps that the live page may be drawn on, and whom browsers ask for them."""

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

KINDS = ("style", "tiles", "pmtiles")
DATUMS = ("wgs84", "gcj02")
KEYS = {
    "name", "label", *KINDS, "dark", "attribution", "datum", "maxzoom", "tile_size", "hosts",
}  # fmt: skip
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# What may stand in a Content-Security-Policy: nothing that ends a source or a directive.
ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")
RESERVED = ("built-in", "streets-online")


def parse(value: str) -> list[dict[str, Any]]:
    """The styles of a JSON text or of a file with one; ImproperlyConfigured says what to do.

    Each gets `kind`, `label`, `datum`, `attribution` as text and `hosts`, the origins that are asked for it.
    """
    if not value.strip():
        return []
    text = value
    if not value.lstrip().startswith(("[", "{")):
        try:
            text = Path(value).expanduser().read_text()
        except OSError as error:
            raise _refusal(f"{value!r} is neither JSON nor a file ({error.strerror})") from error
    try:
        said = json.loads(text)
    except ValueError as error:
        raise _refusal(f"not JSON: {error}") from error
    if not isinstance(said, list) or not all(isinstance(style, dict) for style in said):
        raise _refusal("write a list of objects, [{…}, {…}]")
    styles = [_style(style) for style in said]
    names = [style["name"] for style in styles]
    if len(set(names)) < len(names):
        raise _refusal("two styles have the same name")
    return styles


def _style(said: dict[str, Any]) -> dict[str, Any]:
    name = said.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
        raise _refusal(f"name {name!r}: use small letters, digits and hyphens, and none of {RESERVED}")
    unknown = sorted(said.keys() - KEYS)
    if unknown:
        raise _refusal(f"{name}: unknown {', '.join(unknown)}; there are {', '.join(sorted(KEYS))}")
    kinds = [kind for kind in KINDS if said.get(kind)]
    if len(kinds) != 1:
        raise _refusal(f"{name}: give exactly one of {', '.join(KINDS)}")
    made = {
        **said,
        "kind": "raster" if kinds == ["tiles"] else kinds[0],
        "label": str(said.get("label") or name),
        "attribution": plain(str(said.get("attribution") or "")),
        "datum": said.get("datum", "wgs84"),
    }
    if kinds == ["tiles"]:
        tiles = said["tiles"]
        made["tiles"] = [tiles] if isinstance(tiles, str) else tiles
    _check(name, made)
    addresses = [
        *made.get("tiles", []),
        *(made[key] for key in ("style", "dark", "pmtiles") if made.get(key)),
    ]
    made["hosts"] = sorted({*_origins(name, addresses), *_named(name, said.get("hosts", []))})
    return made


def _check(name: str, made: dict[str, Any]) -> None:
    tiles = made.get("tiles", [])
    if not all(
        isinstance(url, str) and {"{z}", "{x}", "{y}"} <= set(re.findall(r"\{\w\}", url)) for url in tiles
    ):
        raise _refusal(f"{name}: tiles are addresses with {{z}}, {{x}} and {{y}}")
    if made["datum"] not in DATUMS:
        raise _refusal(f"{name}: datum {made['datum']!r} is not one of {', '.join(DATUMS)}")
    if made["datum"] != "wgs84" and made["kind"] != "raster":
        raise _refusal(f"{name}: only raster tiles may have another datum")
    for key in ("maxzoom", "tile_size"):
        if key in made and (not isinstance(made[key], int) or not 0 < made[key] <= 4096):
            raise _refusal(f"{name}: {key} is a whole number")


def _origins(name: str, addresses: list[Any]) -> set[str]:
    """Whom a browser asks; an address that begins with / is ours."""
    found = set()
    for address in addresses:
        if isinstance(address, str) and re.match(r"/(?!/)", address):
            continue
        parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
        origin = f"{parts.scheme}://{parts.netloc}"
        if not ORIGIN.fullmatch(origin):
            raise _refusal(f"{name}: {address!r} is not an address such as https://tiles.example.org/…")
        found.add(origin)
    return found


def _named(name: str, hosts: Any) -> set[str]:
    """More hosts, which a style.json leads to: "tiles.example.org" or a full origin."""
    if not isinstance(hosts, list):
        raise _refusal(f"{name}: hosts is a list")
    found = {host if "://" in str(host) else f"https://{host}" for host in hosts}
    wrong = [host for host in found if not ORIGIN.fullmatch(host)]
    if wrong:
        raise _refusal(f"{name}: {wrong[0]!r} is not a host such as tiles.example.org")
    return found


def plain(text: str) -> str:
    """Text without markup, safe where the map takes HTML."""
    return html.escape(html.unescape(re.sub(r"<[^>]*>", "", text)))


def _refusal(reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"MAP_STYLES: {reason}. See docs/OPERATIONS.md, Maps.")
