"""The table that JavaScript runs too."""

import json
from pathlib import Path
from typing import Any

import pytest

from tracking import states

TABLE = json.loads((Path(__file__).parent.parent / "protocol" / "states.json").read_text())
NOW = TABLE["now"]


def ago(age: int | None) -> int | None:
    return None if age is None else NOW - age


def facts(name: str) -> Any:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["fact"]) for case in TABLE[name]])


@facts("states")
def test_state(case: dict[str, Any]) -> None:
    given = ("alerts", "speed", "ignition", "silent_moving", "silent_stopped")
    known = {key: case[key] for key in given if key in case}
    found = states.state(now=NOW, time=ago(case["age"]), moved=ago(case.get("moved")), **known)
    assert found == case["state"]
    assert found in states.STATES


@facts("stale")
def test_stale(case: dict[str, Any]) -> None:
    assert states.stale(NOW - case["age"], case["interval"], now=NOW) is case["stale"]


@facts("expected")
def test_expected(case: dict[str, Any]) -> None:
    assert states.expected(case["gaps"]) == case["interval"]
