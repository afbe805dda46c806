"""The base map from the installed packages."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from shapely.geometry import Point, shape

from tracking import basemap

ATLAS = json.loads((Path(settings.NODE_MODULES) / "world-atlas" / "countries-50m.json").read_bytes())


def way(highway: str, line: list[list[float]], **said: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"highway": highway, **said},
        "geometry": {"type": "LineString", "coordinates": line},
    }


def test_a_label_stands_in_its_country() -> None:
    labels = {name: (lon, lat, rank) for name, lon, lat, rank in basemap.countries(ATLAS)}
    assert len(labels) > 200
    lon, lat, rank = labels["Sweden"]
    assert 12 < lon < 20
    assert 57 < lat < 68
    assert rank == 3
    lon, lat, _ = labels["France"]  # not in French Guiana, not in the sea
    assert 0 < lon < 5
    assert 44 < lat < 49


def test_cities_come_largest_first() -> None:
    cities = {name: (lon, lat, rank) for name, lon, lat, rank in basemap.cities()}
    lon, lat, rank = cities["Gothenburg"]
    assert (round(lon, 1), round(lat, 1)) == (12.0, 57.7)
    assert rank == 4
    assert cities["Shanghai"][2] == 1
    ranks = [rank for *_, rank in basemap.cities()]
    assert ranks == sorted(ranks)


def test_arcs_are_steps_from_the_point_before() -> None:
    atlas = {
        "transform": {"scale": [0.5, 2], "translate": [-1, 10]},
        "arcs": [[[2, 1], [2, 0], [-1, 3]]],
    }
    assert basemap.decode_arcs(atlas) == [[(0.0, 12.0), (1.0, 12.0), (0.5, 18.0)]]


def test_ways_of_one_street_become_one_line() -> None:
    network = {
        "features": [
            way("residential", [[12.0, 57.7], [12.001, 57.7]], name="Storgatan"),
            way("residential", [[12.001, 57.7], [12.002, 57.701]], name="Storgatan"),
            way("footway", [[12.0, 57.7], [12.5, 57.9]]),
            way("service", [[12.0, 57.7], [12.5, 57.9]], access="private"),
            way("motorway", [[11.9, 57.6], [12.1, 57.8]], ref="E 6"),
        ]
    }
    drawn = basemap.roads(network)
    assert [feature["properties"] for feature in drawn["features"]] == [
        {"c": 1, "n": "E 6"},
        {"c": 5, "n": "Storgatan"},
    ]
    (line,) = shape(drawn["features"][1]["geometry"]).geoms
    assert list(line.coords) == [(12.0, 57.7), (12.001, 57.7), (12.002, 57.701)]
    assert drawn["bbox"] == [11.9, 57.6, 12.1, 57.8]


def test_the_built_up_area_is_near_small_streets_only() -> None:
    network = {
        "features": [
            way("residential", [[12.0, 57.7], [12.01, 57.7]]),
            way("motorway", [[12, 57.6], [12, 57.8]]),
        ]
    }
    (patch,) = shape(basemap.town(basemap.roads(network))["geometry"]).geoms
    assert patch.contains(Point(12.005, 57.7006))  # 67 m off
    assert not patch.intersects(Point(12.005, 57.702))  # 220 m off
    assert not patch.intersects(Point(12.0, 57.75))  # a motorway through a wood


def test_the_files_are_made_once_and_again_when_their_source_changed(tmp_path: Path, settings: Any) -> None:
    settings.BASEMAP = tmp_path / "basemap"

    def build() -> str:
        said = io.StringIO()
        call_command("build_assets", stdout=said)
        return said.getvalue()

    assert "roads" in build()
    index = json.loads((settings.BASEMAP / "index.json").read_text())
    assert index["roads"] is None or index["roads"][0] < index["roads"][2]
    assert "up to date" in build()
    os.utime(settings.BASEMAP / "cities.json", (0, 0))
    assert "roads" in build()


def test_without_streets_there_is_a_map(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    (modules / "world-atlas").mkdir(parents=True)
    (modules / "world-atlas" / "countries-50m.json").write_text(json.dumps(ATLAS))
    basemap.build(modules, tmp_path / "basemap")
    assert json.loads((tmp_path / "basemap" / "index.json").read_text()) == {"roads": None}
    assert json.loads((tmp_path / "basemap" / "roads.json").read_text())["features"] == []


def test_missing_packages_are_named(tmp_path: Path, settings: Any) -> None:
    settings.NODE_MODULES, settings.BASEMAP = tmp_path / "nothing", tmp_path / "basemap"
    with pytest.raises(CommandError, match=r"world-atlas.*npm ci"):
        call_command("build_assets")
