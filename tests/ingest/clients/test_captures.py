"""Every client's own bytes, and what we make of them."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ingest.clients.captures import CAPTURES, form, get, post
from tracking.fixes import Clock, decode_items, now_ms
from tracking.ingest import clients
from tracking.ingest.clients import Call, Unreadable
from tracking.ingest.clients.owntracks import initials
from tracking.ingest.clients.report import alarms, instant, number


def near(expected: Any) -> Any:
    """Numbers to the micrometre; everything else exactly."""
    if isinstance(expected, dict):
        return {key: near(value) for key, value in expected.items()}
    return pytest.approx(expected, abs=1e-6) if isinstance(expected, float) else expected


@pytest.mark.parametrize(
    ("client", "call", "expected"), [c[1:] for c in CAPTURES], ids=[c[0] for c in CAPTURES]
)
def test_a_capture_means_what_its_client_meant(client, call, expected):
    report = clients.read(call)
    assert report.client == client
    assert [record.uid for record in report.records] == [uid for uid, _ in expected]
    for record, (_, item) in zip(report.records, expected, strict=True):
        assert record.item == near(item)


@pytest.mark.parametrize(
    "call",
    [call for _, _, call, expected in CAPTURES if any(item for _, item in expected)],
    ids=[name for name, _, _, expected in CAPTURES if any(item for _, item in expected)],
)
def test_what_a_client_sends_is_taken(call):
    items = [record.item for record in clients.read(call).records if record.item is not None]
    batch = decode_items(items, clock=Clock(), received=now_ms())
    nowhere = [item for item in items if item.get("latitude") == 0 == item.get("longitude")]
    assert len(batch.fixes) == len(items) - len(nowhere)
    assert len(batch.rejections) == len(nowhere)


def test_heartbeats_carry_time_and_battery():
    (record,) = clients.read(form("id=9&timestamp=1773064790&batt=95&charge=false")).records
    assert (instant(record.time), record.battery) == (1_773_064_790_000, 95)
    body = '{"location":{"timestamp":"2025-06-15T13:45:12.862Z","battery":{"level":0.5}},"device_id":"9"}'
    (record,) = clients.read(post(body)).records
    assert (instant(record.time), record.battery) == (1_749_995_112_862, 50)
    assert clients.read(form("id=9&batt=-1")).records[0].battery is None


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("lat=abc&lon=1", "latitude: Expected `float"),
        ("lat=1", "longitude"),
        ("lat=91&lon=1", "latitude: Expected `float` <= 90"),
        ("location=1", "longitude: Expected `float"),
        ("lat=1&lon=1&timestamp=2014-06-04T09:10:11", "without a zone"),
        ("lat=1&lon=1&timestamp=yesterday", "not an ISO 8601 time"),
        ("lat=1&lon=1&timestamp=1698501145514000000", "ahead of the server's clock"),
        ("lat=nan&lon=1", "latitude: Expected `float"),
        ("lat=1e999&lon=1", "latitude"),
        ("lat=1&lon=1&x=%00", "\\u0000"),
    ],
)
def test_a_bad_fix_is_refused_in_the_words_of_every_door(query, detail):
    items = [record.item for record in clients.read(get(query)).records]
    (rejection,) = decode_items(items, clock=Clock(), received=now_ms()).rejections
    assert detail in rejection.detail


def test_an_optional_value_that_is_no_number_is_kept_and_costs_no_fix():
    (record,) = clients.read(get("lat=1&lon=2&altitude=high&ignition=maybe&charge=2&spd=x&speed=5")).records
    assert record.item == {
        "latitude": 1,
        "longitude": 2,
        "speed": near(5 * 1852 / 3600),
        "attributes": {"altitude": "high", "ignition": "maybe", "charging": 2},
    }


def test_a_plus_that_was_not_escaped_is_a_zone():
    (record,) = clients.read(get("lat=1&lon=2&time=2016-03-05T20:24:29.949+01:00")).records
    assert (record.item or {})["time"] == "2016-03-05T20:24:29.949+01:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("-0.5", -0.5), (".5", 0.5), ("1e3", 1000.0), ("007", None), ("1_0", None), ("", None),
     ("nan", None), ("inf", None), ("1e999", None), (True, None), (10**400, None), ("٣", None)],
)  # fmt: skip
def test_numbers(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize(
    ("text", "alarm"),
    [("sos", "sos"), ("lowBattery", "low_battery"), ("accident", "crash"), ("tow,sos", "sos"), ("", None),
     ("powerCut", "power_cut"), ("Help, quick!", "Help, quick!"), (None, None), (7, None)],
)  # fmt: skip
def test_alarms_are_in_our_words(text, alarm):
    assert alarms(text)[0] == alarm


@pytest.mark.parametrize(
    "call",
    [
        Call("POST", body=b"hello"),
        Call("POST", body=b"\xff\xfe\x00"),
        post("{"),
        post("{}"),
        post("[7]"),
        post('{"a":1}'),
        post("[" * 100_000),
        post('{"lat":' + "1" * 5000 + "}x"),
        get("&".join(f"k{n}=1" for n in range(1001))),
    ],
)
def test_what_no_client_sends_is_named(call):
    with pytest.raises(Unreadable):
        clients.read(call)


def test_a_phone_that_forgets_after_a_4xx_is_known_by_its_headers_too():
    assert clients.is_owntracks(Call("POST", agent="Owntracks-Android/gms/420502000"))
    assert clients.is_owntracks(Call("POST", phone="nexus"))
    assert clients.is_owntracks(post('{"_type":"location"'))
    assert not clients.is_owntracks(post("{}"))


def test_no_two_vehicles_share_initials():
    tids = initials({1: "Van 7", 2: "Van 17", 3: "V", 4: "货车"} | dict.fromkeys(range(5, 1500), "Van 7"))
    assert tids[1] == "V7"
    assert len(set(tids.values())) == len(tids)


@given(
    method=st.sampled_from(["GET", "POST"]),
    query=st.text(max_size=80),
    content_type=st.sampled_from(["", "application/json", "application/x-www-form-urlencoded"]),
    body=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(method, query, content_type, body):
    _read_or_refuse(Call(method, query=query, content_type=content_type, body=body))


KEYS = [
    "_type", "lat", "lon", "tst", "location", "locations", "current", "coords", "timestamp", "battery",
    "level", "position", "device", "event", "uniqueId", "attributes", "fixTime", "deviceTime", "latitude",
    "longitude", "ident", "position.latitude", "items", "id", "batt", "geometry", "coordinates", "properties",
    "alarm", "t", "rty", "bs", "topic", "tid", "extras", "activity", "speed",
]  # fmt: skip
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["location", "transition", "h", "true", "1.5", "", "2025-01-01T00:00:00Z", "\0"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@example({"lat": 48.1, "lon": 11.5, "items": None})
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=8) | st.lists(values, max_size=3))
def test_known_keys_with_any_values_are_read_or_refused(content):
    import msgspec

    _read_or_refuse(Call("POST", body=msgspec.json.encode(content)))


def _read_or_refuse(call: Call) -> None:
    try:
        report = clients.read(call)
    except Unreadable:
        return
    items = [record.item for record in report.records if record.item is not None]
    batch = decode_items(items, clock=Clock(), received=now_ms())
    assert len(batch.fixes) + len(batch.rejections) == len(items)
    for record in report.records:
        instant(record.time)
