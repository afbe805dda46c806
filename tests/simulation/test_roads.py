import json
from pathlib import Path

import pytest
from django.conf import settings

from tracking.simulation import roads
from tracking.simulation.drive import ROADS

A, B, C, D = (12.00, 57.70), (12.01, 57.70), (12.01, 57.71), (12.00, 57.71)


def ends(way: list[roads.Edge], town: roads.Roads) -> list[roads.Point]:
    return [town.points[way[0].start], *(town.points[edge.end] for edge in way)]


def node(town: roads.Roads, point: roads.Point) -> int:
    return town.nearest(point)[0]


def test_only_what_can_be_left_again_is_kept(town: roads.Roads) -> None:
    assert set(town.points) == {A, B, C, D}


def test_a_oneway_street_is_driven_in_its_direction_only(town: roads.Roads) -> None:
    assert ends(town.route(node(town, A), node(town, C)), town) == [A, C]
    assert A not in ends(town.route(node(town, C), node(town, A)), town)[:1]
    assert len(town.route(node(town, C), node(town, A))) == 2


def test_a_signed_limit_is_kept(town: roads.Roads) -> None:
    speeds = {edge.speed for edge in town.out[node(town, B)] if edge.end == node(town, C)}
    assert speeds == {30 / 3.6}


def test_an_edge_keeps_the_points_between_its_junctions(town: roads.Roads) -> None:
    (edge,) = [edge for edge in town.out[node(town, D)] if edge.end == node(town, A)]
    assert edge.line == (D, (12.00, 57.705), A)
    assert edge.metres == pytest.approx(1112, rel=0.01)


def check_connected(streets: roads.Roads) -> None:
    ahead = [[edge.end for edge in edges] for edges in streets.out]
    back: list[list[int]] = [[] for _ in streets.points]
    for edges in streets.out:
        for edge in edges:
            back[edge.end].append(edge.start)
    for neighbours in (ahead, back):
        found, todo = {0}, [0]
        while todo:
            new = set(neighbours[todo.pop()]) - found
            found |= new
            todo.extend(new)
        assert len(found) == len(streets.points)


def test_the_made_up_grid_is_connected(tmp_path: Path) -> None:
    streets = roads.load(tmp_path / "missing.json")
    assert len(streets.points) == roads.GRID_SIDE**2
    check_connected(streets)


@pytest.mark.skipif(not (settings.NODE_MODULES / ROADS).exists(), reason="npm packages are not installed")
def test_the_roads_of_gothenburg_are_connected_and_keep_their_oneways() -> None:
    path = settings.NODE_MODULES / ROADS
    streets = roads.load(path)
    assert len(streets.points) > 5000
    check_connected(streets)
    driven = {
        pair
        for edges in streets.out
        for edge in edges
        for pair in zip(edge.line, edge.line[1:], strict=False)
    }
    oneway: set[tuple[roads.Point, ...]] = set()
    both: set[tuple[roads.Point, ...]] = set()
    for feature in json.loads(path.read_bytes())["features"]:
        if feature["geometry"]["type"] == "LineString" and feature["properties"]["highway"] in roads.SPEEDS:
            line = [tuple(point) for point in feature["geometry"]["coordinates"]]
            is_oneway = feature["properties"].get("oneway") == "yes"
            pairs = set(zip(line[1:], line, strict=False))  # against the direction of the way
            (oneway if is_oneway else both).update(pairs)
            both.update((b, a) for a, b in pairs)
    assert not driven & (oneway - both)
