"""From what a device sends to a fix: docs/PROTOCOL.md, rule by rule."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.fixes import Batch, Clock, Refused, decode

NOW = 1_763_884_800_000


def parse(content: Any) -> Batch:
    text = content if isinstance(content, str) else json.dumps(content)
    batch = decode(text, clock=Clock(), received=NOW)
    assert isinstance(batch, Batch)
    return batch


def one(**fields: Any) -> Any:
    (fix,) = parse({"type": "position", "latitude": 57.7, "longitude": 11.9, **fields}).fixes
    return fix


@pytest.mark.parametrize(
    ("when", "milliseconds"),
    [
        ("2025-11-23T08:00:00Z", NOW),
        ("2025-11-23T08:00:00.0019Z", NOW + 1),
        ("2025-11-23T09:00:00.001+01:00", NOW + 1),
        ("2025-11-23T09:00:00+0100", NOW),
        ("2025-11-23 08:00:00+00:00", NOW),
        (1_763_884_800, NOW),
        (1_763_884_800.001, NOW + 1),
        (1_763_884_800.9999, NOW + 999),
        (NOW, NOW),
        (NOW + 0.9, NOW),
        (0, 0),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_a_time_is_cut_to_milliseconds(when, milliseconds):
    assert one(time=when).time == milliseconds


@pytest.mark.parametrize("key", ["time", "timestamp", "ts"])
def test_aliases_of_time(key):
    assert one(**{key: 1_763_884_800}).time == NOW


def test_aliases_of_place_and_heading():
    (fix,) = parse({"lat": 1, "lng": 2, "course": 90}).fixes
    assert (fix.latitude, fix.longitude, fix.heading, fix.attributes) == (1, 2, 90, None)
    (fix,) = parse({"lat": 1, "lon": 2, "bearing": 360}).fixes
    assert (fix.longitude, fix.heading) == (2, 0)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"latitude": "57.7"}, "latitude"),
        ({"latitude": True}, "latitude"),
        ({"latitude": None}, "latitude"),
        ({"latitude": 90.0000001}, "latitude"),
        ({"longitude": -180.5}, "longitude"),
        ({"latitude": 0, "longitude": 0}, "0,0"),
        ({"latitude": 0.0, "longitude": -0.0}, "0,0"),
        ({"speed": "5"}, "speed"),
        ({"speed": True}, "speed"),
        ({"ignition": 1}, "ignition"),
        ({"alarm": 5}, "alarm"),
        ({"attributes": []}, "attributes"),
        ({"attributes": "x"}, "attributes"),
        ({"time": "2025-11-23T08:00:00"}, "zone"),
        ({"time": "yesterday"}, "ISO 8601"),
        ({"time": True}, "time"),
        ({"time": [1]}, "time"),
        ({"time": 1_763_884_800 + 601}, "ahead"),
        ({"time": 1e300}, "ahead"),
        ({"time": -5}, "1970"),
        ({"alarm": "a\0b"}, "u0000"),
        ({"attributes": {"a": ["b\0"]}}, "u0000"),
        ({"x\0": 1}, "u0000"),
    ],
)
def test_what_rejects_a_position(fields, where):
    batch = parse({"type": "position", "latitude": 57.7, "longitude": 11.9, **fields})
    assert not batch.fixes
    assert where in batch.rejections[0].detail


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("battery", 120),
        ("battery", -1),
        ("accuracy", -1),
        ("speed", -1),
        ("heading", 361),
        ("alarm", "x" * 65),
    ],
)
def test_an_optional_field_out_of_range_is_null_and_kept_in_attributes(key, value):
    fix = one(**{key: value})
    assert getattr(fix, key) is None
    assert json.loads(fix.attributes) == {key: value}


def test_unknown_keys_are_kept_in_attributes_and_attributes_win():
    fix = one(fuel=1, door="open", attributes={"fuel": 2})
    assert json.loads(fix.attributes) == {"fuel": 2, "door": "open"}


def test_ten_minutes_ahead_is_taken():
    assert one(time=1_763_884_800 + 600).time == NOW + 600_000


def test_the_last_of_duplicate_keys_wins():
    (fix,) = parse('{"type":"position","latitude":1,"longitude":2,"latitude":3}').fixes
    assert fix.latitude == 3


def test_a_backslash_before_u0000_is_text():
    assert json.loads(one(attributes={"path": "a\\u0000b"}).attributes) == {"path": "a\\u0000b"}


def test_a_position_of_the_wire_is_the_same_on_both_paths():
    """The quick path (exact shape) and the slow one (an unknown key) agree."""
    fields = {"speed": 12.5, "heading": 270, "altitude": 34.5, "battery": 87, "alarm": "sos", "time": NOW}
    quick, slow = one(**fields), one(**fields, extra=1)
    for name in quick.__struct_fields__:
        if name != "attributes":
            assert getattr(quick, name) == getattr(slow, name)


OUTCOMES = ("taken", "invalid_json", "unknown_type", "invalid_position", "too_many_items")


def outcome(text: str | bytes) -> str:
    try:
        decode(text, clock=Clock(), received=NOW)
    except Refused as refused:
        return refused.code
    return "taken"


@given(st.text() | st.binary())
def test_any_text_is_a_frame_or_refused(text):
    assert outcome(text) in OUTCOMES


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = [
    "type",
    "seq",
    "latitude",
    "lat",
    "longitude",
    "lon",
    "time",
    "ts",
    "speed",
    "heading",
    "alarm",
    "items",
]


@given(
    st.dictionaries(st.sampled_from([*keys, "attributes", "battery"]), json_values, max_size=8),
    st.sampled_from(["position", "positions", "receipt", "reply", None]),
)
def test_any_object_is_a_frame_or_refused(frame, kind):
    if kind:
        frame["type"] = kind
    assert outcome(json.dumps(frame)) in OUTCOMES
