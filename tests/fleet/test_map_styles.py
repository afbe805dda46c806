"""MAP_STYLES: what a page may ask, and nothing that would open its policy further."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from fleet import map_styles

RASTER = {"name": "aerial", "tiles": "https://a.example.org/{z}/{x}/{y}.png"}


def parse(*styles: dict[str, Any]) -> list[dict[str, Any]]:
    return map_styles.parse(json.dumps(styles))


def test_nothing_is_no_map() -> None:
    assert map_styles.parse("") == map_styles.parse("  ") == map_styles.parse("[]") == []


def test_each_kind_gets_its_hosts() -> None:
    style, raster, packed, ours = parse(
        {
            "name": "bright",
            "label": "Bright",
            "style": "https://s.example.org/a.json",
            "dark": "https://d.example.org:8443/b.json",
            "hosts": ["fonts.example.org", "*.tiles.example.org"],
        },
        {**RASTER, "attribution": '© <a href="x">Example</a> & Co', "datum": "gcj02"},
        {"name": "region", "pmtiles": "http://files.example.org/r.pmtiles"},
        {"name": "ours", "pmtiles": "/files/r.pmtiles"},
    )
    assert style["kind"] == "style"
    assert style["hosts"] == [
        "https://*.tiles.example.org",
        "https://d.example.org:8443",
        "https://fonts.example.org",
        "https://s.example.org",
    ]
    assert (raster["kind"], raster["label"], raster["datum"]) == ("raster", "aerial", "gcj02")
    assert raster["tiles"] == ["https://a.example.org/{z}/{x}/{y}.png"]
    assert raster["attribution"] == "© Example &amp; Co"
    assert packed["hosts"] == ["http://files.example.org"]
    assert ours["hosts"] == []


def test_it_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "styles.json"
    path.write_text(json.dumps([RASTER]))
    assert map_styles.parse(str(path))[0]["name"] == "aerial"
    with pytest.raises(ImproperlyConfigured, match="neither JSON nor a file"):
        map_styles.parse(str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("style", "words"),
    [
        ({}, "name None"),
        ({**RASTER, "name": "A b"}, "small letters"),
        ({**RASTER, "name": "built-in"}, "none of"),
        ({"name": "x"}, "exactly one"),
        ({**RASTER, "style": "https://x.org"}, "exactly one"),
        ({**RASTER, "colour": "red"}, "unknown colour"),
        ({**RASTER, "tiles": "https://a.example.org/{z}/{x}.png"}, r"\{y\}"),
        ({**RASTER, "tiles": [7]}, "addresses"),
        ({**RASTER, "tiles": "ftp://a/{z}/{x}/{y}"}, "not an address"),
        ({**RASTER, "tiles": "https://a b; script-src */{z}/{x}/{y}"}, "not an address"),
        ({**RASTER, "tiles": "//a.example.org/{z}/{x}/{y}"}, "not an address"),
        ({**RASTER, "hosts": ["a.org; script-src *"]}, "not a host"),
        ({**RASTER, "hosts": ["a.org 'unsafe-inline'"]}, "not a host"),
        ({**RASTER, "hosts": "a.org"}, "hosts is a list"),
        ({**RASTER, "datum": "nad27"}, "not one of wgs84, gcj02"),
        ({"name": "x", "style": "https://x.org/s.json", "datum": "gcj02"}, "only raster"),
        ({**RASTER, "maxzoom": "18"}, "whole number"),
    ],
)
def test_a_bad_one_is_refused_in_words(style: dict[str, Any], words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"MAP_STYLES: .*{words}"):
        parse(style)


@pytest.mark.parametrize("text", ["{", "[1]", '{"name": "x"}', "[[]]"])
def test_what_is_no_list_of_objects_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAP_STYLES"):
        map_styles.parse(text)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="same name"):
        parse(RASTER, RASTER)
