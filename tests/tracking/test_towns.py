"""Maps of the user's own towns: taken in whole or refused in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import pmtiles
from tracking import towns

STREET = {
    "type": "Feature",
    "properties": {"highway": "residential", "name": "Storgatan"},
    "geometry": {"type": "LineString", "coordinates": [[13.19, 55.70], [13.20, 55.71]]},
}


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.TOWNS = tmp_path / "maps"
    return tmp_path


def geojson(folder: Path, *features: Any, name: str = "lund.geojson", **more: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


def street(**changes: Any) -> dict[str, Any]:
    return {**STREET, **changes}


def test_streets_are_taken_in_and_drawn(folder: Path) -> None:
    many = {"type": "MultiLineString", "coordinates": [[[13.2, 55.71, 80], [13.21, 55.72, 80]]]}
    path = geojson(folder, STREET, street(geometry=many), street(properties={"highway": "footway"}))
    town = towns.add(path)
    assert town == towns.known()[0]
    assert (town.name, town.kind) == ("lund", "streets")
    assert town.bounds == [13.19, 55.7, 13.21, 55.72]
    assert "2 ways, 1 street names" in town.detail
    assert "OpenStreetMap" in town.credit
    drawn = json.loads((town.folder / "roads.json").read_bytes())
    assert [feature["properties"]["n"] for feature in drawn["features"]] == ["Storgatan"]
    assert json.loads((town.folder / "town.json").read_bytes())["geometry"]["type"] == "MultiPolygon"
    assert town.folder / "roads.json" in towns.street_files()


def test_one_of_the_same_name_is_replaced_and_removed_whole(folder: Path, capsys: Any) -> None:
    towns.add(geojson(folder, STREET), name="home")
    other = street(properties={"highway": "primary", "name": "Ringvägen"})
    call_command(
        "basemap", "add", geojson(folder, other, name="b.json"), "--name", "home", "--credit", "© <Us>"
    )
    (town,) = towns.known()
    assert town.credit == "© &lt;Us&gt;"
    assert "Ringvägen" in (town.folder / "roads.json").read_text()
    call_command("basemap", "list")
    assert "home\t1 ways, 1 street names\t13.190,55.700 to 13.200,55.710" in capsys.readouterr().out
    call_command("basemap", "remove", "home")
    assert towns.known() == []
    assert list((folder / "maps").iterdir()) == []
    with pytest.raises(CommandError, match="There is no map 'home'"):
        call_command("basemap", "remove", "home")


@pytest.mark.parametrize("name", ["../up", "Lund", "a" * 41, ".hidden"])
def test_a_name_is_no_path(folder: Path, name: str) -> None:
    with pytest.raises(towns.Refused, match="small letters"):
        towns.add(geojson(folder, STREET), name=name)
    with pytest.raises(towns.Refused, match="no map"):
        towns.remove(name)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "neither GeoJSON nor PMTiles"),
        ("[" * 100_000, "neither GeoJSON nor PMTiles"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": 7}', "not a list"),
        ('{"type": "FeatureCollection", "features": []}', "has no streets"),
        ('{"type": "FeatureCollection", "features": [7]}', "feature 1"),
        (json.dumps({"type": "FeatureCollection", "features": [street(properties=None)]}), "has no streets"),
    ],
)
def test_what_is_no_map_of_streets_is_refused_in_words(folder: Path, content: str, words: str) -> None:
    path = folder / "x.geojson"
    path.write_text(content)
    with pytest.raises(towns.Refused, match=words):
        towns.add(path)
    assert towns.known() == []
    assert list((folder / "maps").iterdir()) == []


@pytest.mark.parametrize(
    ("coordinates", "words"),
    [
        ([[319_000, 6_398_000], [319_100, 6_398_100]], r"feature 2.*EPSG:4326"),
        ([[13.1, 55.7]], "feature 2.*fewer than two"),
        ([["a", "b"], [1, 2]], "feature 2"),
        ([[1], [2]], "feature 2"),
        ([None, None], "feature 2"),
    ],
)
def test_a_street_that_cannot_be_drawn_is_named(folder: Path, coordinates: Any, words: str) -> None:
    bad = street(geometry={"type": "LineString", "coordinates": coordinates})
    with pytest.raises(towns.Refused, match=words):
        towns.add(geojson(folder, STREET, bad))


def test_streets_closed_to_cars_alone_are_no_map(folder: Path) -> None:
    closed = street(properties={"highway": "residential", "access": "private"})
    with pytest.raises(towns.Refused, match="open to cars"):
        towns.add(geojson(folder, closed))


def test_a_missing_file_is_said(folder: Path) -> None:
    with pytest.raises(CommandError, match="there is no such file"):
        call_command("basemap", "add", str(folder / "nowhere.pmtiles"))


def test_a_damaged_one_is_left_out_and_the_others_stay(folder: Path, caplog: Any) -> None:
    for name in ("a", "b", "c"):
        towns.add(geojson(folder, STREET), name=name)
    (folder / "maps" / "a" / "about.json").write_text('{"name": "a", "colour": "red"}')
    (folder / "maps" / "b" / "town.json").unlink()
    assert [town.name for town in towns.known()] == ["c"]
    assert "map a cannot be used" in caplog.text
    assert "map b cannot be used" in caplog.text


def layers(*names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


def test_vector_tiles_are_known_by_their_layers(folder: Path) -> None:
    for name, found, schema in (
        ("a", layers("roads", "earth", "water"), "protomaps"),
        ("b", layers("transportation", "water"), "openmaptiles"),
    ):
        path = folder / f"{name}.pmtiles"
        tile = pmtiles.vector("earth")
        credit = "<a href='x' onclick='y'>© Somebody</a>"
        path.write_bytes(
            pmtiles.archive(
                tile, pmtiles.MVT, bounds=(13, 55, 14, 56), vector_layers=found, attribution=credit
            )
        )
        town = towns.add(path)
        assert (town.kind, town.schema, town.bounds) == ("vector", schema, [13, 55, 14, 56])
        assert town.credit == "© Somebody"
        assert (town.folder / "tiles.pmtiles").read_bytes() == path.read_bytes()
        assert towns.street_files() == towns.street_files()[:1]


def test_picture_tiles_are_a_map_of_their_own(folder: Path) -> None:
    path = folder / "aerial.pmtiles"
    path.write_bytes(pmtiles.archive(pmtiles.png(1, 2, 3), pmtiles.PNG))
    town = towns.add(path)
    assert (town.kind, town.detail) == ("raster", "png tiles, zoom 0 to 0")


def test_tiles_that_no_browser_could_read_are_refused(folder: Path) -> None:
    good = pmtiles.archive(b"tile", pmtiles.PNG)
    for content, words in (
        (good[:-1], "cut off"),
        (good[:50], "no PMTiles file"),
        (good[:7] + b"\x02" + good[8:], "version 2"),
        (good[:99] + b"\x09" + good[100:], "type 9"),
        (pmtiles.archive(b"tile", pmtiles.PNG, bounds=(20, 0, 10, 1)), "not on Earth"),
        (pmtiles.archive(b"tile", pmtiles.MVT, vector_layers=layers("stars")), r"\(stars\).*Protomaps"),
        (pmtiles.archive(b"tile", pmtiles.MVT), r"\(none\)"),
    ):
        path = folder / "x.pmtiles"
        path.write_bytes(content)
        with pytest.raises(towns.Refused, match=words):
            towns.add(path)
    assert towns.known() == []
