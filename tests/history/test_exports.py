"""What the writers write, read back by programs that are not ours and compared fix by fix."""

import csv
import io
import json
import re
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import geojson
import gpxpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.history.rows import T0, VAN, drive, row
from tracking.history.exports import FORMATS
from tracking.history.exports.csv import harmless
from tracking.history.exports.text import About, decimal, gathered, iso
from tracking.history.tracks import FIELDS, Row

HOUR = 3_600_000
GX = "{http://www.google.com/kml/ext/2.2}"
KML = "{http://www.opengis.net/kml/2.2}"
TPX = "{http://www.garmin.com/xmlschemas/TrackPointExtension/v2}"


def written(format: str, rows: list[Row], *, about: About = VAN, page: int = 3) -> bytes:
    pages = [rows[i : i + page] for i in range(0, len(rows), page)]
    return b"".join(FORMATS[format].write(pages, about))


def ms(text: str) -> int:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    return round(datetime.fromisoformat(text).timestamp() * 1000)


# --- one reader a format: back to (time, latitude, longitude, altitude, speed, heading), by segment ---


def motion(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    return [found[:6] for found in rows]


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


def number(text: str) -> float | None:
    return float(text) if text else None


def from_csv(content: bytes) -> list[tuple[Any, ...]]:
    rest = ("latitude", "longitude", "altitude", "speed", "heading")
    return [(ms(found["time"]), *(number(found[name]) for name in rest)) for found in read_csv(content)]


def read_geojson(content: bytes) -> tuple[list[Any], Any]:
    """The points and the line (or None), after the package's own validation."""
    collection = geojson.loads(content.decode())
    assert collection["type"] == "FeatureCollection"
    assert collection.errors() == []
    features = json.loads(content)["features"]  # the package rounds to six digits
    points = [found for found in features if found["geometry"]["type"] == "Point"]
    lines = [found for found in features if found["geometry"]["type"] != "Point"]
    assert len(lines) <= 1
    assert features == points + lines
    return points, lines[0] if lines else None


def from_geojson(content: bytes) -> list[tuple[Any, ...]]:
    found = []
    for point in read_geojson(content)[0]:
        longitude, latitude, *altitude = json_coordinates(point)
        known = point["properties"]
        assert known["altitude"] == (altitude[0] if altitude else None)
        found.append(
            (ms(known["time"]), latitude, longitude, known["altitude"], known["speed"], known["heading"])
        )
    return found


def json_coordinates(feature: Any) -> list[Any]:
    return list(feature["geometry"]["coordinates"])


def from_gpx(content: bytes) -> list[list[tuple[Any, ...]]]:
    track = gpxpy.parse(content.decode()).tracks[0]
    segments = []
    for segment in track.segments:
        fixes = []
        for point in segment.points:
            assert point.time is not None
            known = {child.tag: float(child.text) for outer in point.extensions for child in outer}
            fixes.append(
                (
                    round(point.time.timestamp() * 1000),
                    point.latitude,
                    point.longitude,
                    point.elevation,
                    known.get(f"{TPX}speed"),
                    known.get(f"{TPX}course"),
                )
            )
        segments.append(fixes)
    return segments


def from_kml(content: bytes) -> list[list[tuple[Any, ...]]]:
    segments = []
    for track in ET.fromstring(content).iter(f"{GX}Track"):  # noqa: S314 (our own)
        whens = [ms(found.text or "") for found in track.findall(f"{KML}when")]
        places = [tuple(map(float, (found.text or "").split(" "))) for found in track.findall(f"{GX}coord")]
        columns = {
            array.get("name"): [number(found.text or "") for found in array]
            for array in track.iter(f"{GX}SimpleArrayData")
        }
        order = [child.tag for child in track]
        assert order == [f"{KML}when"] * len(whens) + [f"{GX}coord"] * len(whens) + [f"{KML}ExtendedData"]
        segments.append(
            [
                (time, latitude, longitude, altitude, speed, heading)
                for time, (longitude, latitude, altitude), speed, heading in zip(
                    whens, places, columns["speed"], columns["heading"], strict=True
                )
            ]
        )
    return segments


def segments_of(format: str, rows: list[Row]) -> list[list[tuple[Any, ...]]]:
    content = written(format, rows)
    match format:
        case "csv":
            return [from_csv(content)]
        case "geojson":
            return [from_geojson(content)]
        case "gpx":
            return from_gpx(content)
    return from_kml(content)


SEGMENTED = ["gpx", "kml"]
FULL: dict[str, Any] = {"altitude": 34.5, "speed": 12.5, "heading": 270.0}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "rows",
    [
        [row(**FULL)],
        drive(2, **FULL),
        drive(7, **FULL),
        [row(T0, 90.0, 0.0, **FULL), row(T0 + 1000, -90.0, -179.9999999, **FULL)],
        [row(T0, 1e-7, -1e-7, altitude=-1e-5, speed=0.0, heading=0.0), row(T0 + 1, -0.0, 0.1 + 0.2, **FULL)],
        [row(T0, device=1, **FULL), row(T0, device=2, **FULL), row(T0 + 1000, device=1, **FULL)],
        [row(-1, **FULL), row(0, **FULL), row(1, **FULL)],
    ],
    ids=["one", "two", "seven", "poles", "tiny numbers", "two devices at a time", "around 1970"],
)
def test_fixes_come_back_as_they_were(format: str, rows: list[Row]) -> None:
    assert segments_of(format, rows) == [motion(rows)]


@pytest.mark.parametrize("format", ["csv", "geojson", "gpx"])
def test_what_is_unknown_stays_unknown(format: str) -> None:
    rows = [row(), row(T0 + 1000, speed=3.0), row(T0 + 2000, heading=9.0), row(T0 + 3000, altitude=1.0)]
    assert segments_of(format, rows) == [motion(rows)]


def test_kml_keeps_unknown_motion_empty_and_writes_an_unknown_altitude_as_0() -> None:
    rows = [row(), row(T0 + 1000, speed=3.0), row(T0 + 2000, heading=9.0), row(T0 + 3000, altitude=1.0)]
    assert segments_of("kml", rows) == [[(*found[:3], found[3] or 0.0, *found[4:6]) for found in rows]]


@pytest.mark.parametrize("format", FORMATS)
def test_no_fixes_are_a_whole_file_without_any(format: str) -> None:
    assert [fix for part in segments_of(format, []) for fix in part] == []


@pytest.mark.parametrize("format", SEGMENTED)
@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_a_gap_begins_a_segment(format: str, page: int) -> None:
    first, lone, last = drive(4, **FULL), [row(T0 + HOUR, **FULL)], drive(3, start=T0 + 2 * HOUR, **FULL)
    content = written(format, first + lone + last, page=page)
    read = from_gpx if format == "gpx" else from_kml
    assert read(content) == [motion(first), motion(lone), motion(last)]


# --- the line of GeoJSON ------------------------------------------------------------------------


def line(rows: list[Row], *, page: int = 3) -> Any:
    return read_geojson(written("geojson", rows, page=page))[1]


@pytest.mark.parametrize("rows", [[], [row()]], ids=["none", "one"])
def test_fewer_than_two_fixes_make_no_line(rows: list[Row]) -> None:
    assert line(rows) is None


@pytest.mark.parametrize("page", [1, 2, 100])
def test_the_line_joins_the_fixes_and_knows_their_times(page: int) -> None:
    rows = [row(T0, 1.0, 2.0), row(T0 + 1000, 3.0, 4.0, altitude=5.0)]
    found = line(rows, page=page)
    assert found["geometry"] == {"type": "LineString", "coordinates": [[2.0, 1.0], [4.0, 3.0, 5.0]]}
    assert found["properties"] == {
        "uid": "van-7",
        "name": "Van 7",
        "fleet": "north",
        "coordTimes": ["2025-11-23T08:00:00.000Z", "2025-11-23T08:00:01.000Z"],
    }


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_gaps_split_the_line_and_leave_out_a_lone_fix(page: int) -> None:
    first, lone, last = drive(4), [row(T0 + HOUR)], drive(3, start=T0 + 2 * HOUR)
    found = line(first + lone + last, page=page)
    assert found["geometry"]["type"] == "MultiLineString"
    assert json_coordinates(found) == [[[r[2], r[1]] for r in part] for part in (first, last)]
    assert found["properties"]["coordTimes"] == [[iso(r[0]) for r in part] for part in (first, last)]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_the_line_is_cut_at_the_antimeridian_both_ways(page: int) -> None:
    rows = [
        row(T0, 10.0, 179.0, altitude=100.0),
        row(T0 + 4000, 14.0, -177.0, altitude=140.0),
        row(T0 + 6000, 14.0, -179.0),
        row(T0 + 8000, 16.0, 179.0),
    ]
    found = line(rows, page=page)
    assert json_coordinates(found) == [
        [[179.0, 10.0, 100.0], [180.0, 11.0, 110.0]],
        [[-180.0, 11.0, 110.0], [-177.0, 14.0, 140.0], [-179.0, 14.0], [-180.0, 15.0]],
        [[180.0, 15.0], [179.0, 16.0]],
    ]
    assert found["properties"]["coordTimes"] == [
        [iso(T0), iso(T0 + 1000)],
        [iso(T0 + 1000), iso(T0 + 4000), iso(T0 + 6000), iso(T0 + 7000)],
        [iso(T0 + 7000), iso(T0 + 8000)],
    ]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_a_fix_on_the_antimeridian_ends_its_side_without_a_double(page: int) -> None:
    east = [row(T0, 1.0, 179.0), row(T0 + 1000, 2.0, 180.0), row(T0 + 2000, 3.0, -179.0)]
    assert json_coordinates(line(east, page=page)) == [
        [[179.0, 1.0], [180.0, 2.0]],
        [[-180.0, 2.0], [-179.0, 3.0]],
    ]
    onto = [row(T0, 1.0, 179.0), row(T0 + 1000, 2.0, -180.0), row(T0 + 2000, 3.0, -179.0)]
    assert json_coordinates(line(onto, page=page)) == [
        [[179.0, 1.0], [180.0, 2.0]],
        [[-180.0, 2.0], [-179.0, 3.0]],
    ]


def test_a_gap_over_the_antimeridian_is_no_crossing() -> None:
    rows = drive(3) + [row(T0 + HOUR, 1.0, -179.0), row(T0 + HOUR + 1000, 1.0, -178.0)]
    rows[2] = row(T0 + 2000, 1.0, 179.0)
    assert [len(part) for part in json_coordinates(line(rows))] == [3, 2]


tracks = st.lists(
    st.tuples(
        st.sampled_from([0, 1000, 60_000, 600_000, HOUR]),
        st.floats(-90, 90),
        st.floats(-180, 180) | st.sampled_from([180.0, -180.0, 179.0, -179.0]),
        st.none() | st.floats(-100, 9000),
        st.none() | st.floats(0, 100),
    ),
    max_size=30,
)


def drawn(steps: list[tuple[Any, ...]]) -> list[Row]:
    rows, time = [], T0
    for step, latitude, longitude, altitude, speed in steps:
        time += step
        rows.append(row(time, latitude, longitude, altitude=altitude, speed=speed))
    return rows


@given(tracks)
def test_any_track_comes_back_from_any_format(steps: list[tuple[Any, ...]]) -> None:
    rows = drawn(steps)
    assert from_csv(written("csv", rows)) == motion(rows)
    assert from_geojson(written("geojson", rows)) == motion(rows)
    west = [(*found[:2], -180.0 if found[2] == 180 else found[2], *found[3:]) for found in motion(rows)]
    assert [fix for part in from_gpx(written("gpx", rows)) for fix in part] == west
    ground = [(*found[:3], found[3] or 0.0, *found[4:]) for found in motion(rows)]
    assert [fix for part in from_kml(written("kml", rows)) for fix in part] == ground


@given(tracks, st.integers(16, 40))
def test_any_line_is_in_parts_that_never_jump_around_the_globe(
    steps: list[tuple[Any, ...]], page: int
) -> None:
    rows = drawn(steps)
    found = line(rows, page=page)
    assert found == line(rows, page=1000)
    if found is None:
        return
    single = found["geometry"]["type"] == "LineString"
    parts, times = json_coordinates(found), found["properties"]["coordTimes"]
    parts, times = ([parts], [times]) if single else (parts, times)
    assert len(parts) >= (1 if single else 2)
    assert [len(part) for part in parts] == [len(part) for part in times]
    assert sorted(sum(times, [])) == sum(times, [])
    for part in parts:
        assert len(part) >= 2
        assert all(abs(a[0] - b[0]) <= 180 for a, b in zip(part, part[1:], strict=False))
    # Every vertex is a fix or lies on the meridian.
    places = {(found[2], found[1]) for found in rows}
    assert all((at[0], at[1]) in places or abs(at[0]) == 180 for part in parts for at in part)


# --- text ---------------------------------------------------------------------------------------

NASTY = About(
    uid='van"7\x00\x0b<&>',
    name="Ünï 🚚 ]]> <script>&amp;\x1f\ufffe 'q' \"d\"",
    fleet="nörd & söhne",
)


def test_names_come_back_from_xml_without_what_xml_cannot_hold() -> None:
    name = "Ünï 🚚 ]]> <script>&amp; 'q' \"d\""
    track = gpxpy.parse(written("gpx", drive(2), about=NASTY).decode()).tracks[0]
    assert (track.name, track.description, track.source) == (name, "nörd & söhne", 'van"7<&>')
    root = ET.fromstring(written("kml", drive(2), about=NASTY))  # noqa: S314 (our own)
    assert [found.text for found in root.iter(f"{KML}name")] == [name, name]
    assert [found.text for found in root.iter(f"{KML}value")] == ['van"7<&>', "nörd & söhne"]


def test_names_come_back_from_json_as_they_were() -> None:
    known = read_geojson(written("geojson", drive(2), about=NASTY))[1]["properties"]
    assert (known["uid"], known["name"], known["fleet"]) == (NASTY.uid, NASTY.name, NASTY.fleet)


ATTRIBUTES = (
    '{"=1+1":"=cmd|\' /C calc\'!A0","note":"a;b,\\"c\\" 🚚\\u0007\\n<&>",'
    '"big":123456789012345678901234567890}'
)


def test_geojson_has_every_field_and_attributes_as_an_object_to_the_last_digit() -> None:
    full = row(
        **FULL, accuracy=4.0, battery=87.0, ignition=1, odometer=182345.2, alarm="=sos", attributes=ATTRIBUTES
    )
    known = read_geojson(written("geojson", [full]))[0][0]["properties"]
    assert known == {
        "time": "2025-11-23T08:00:00.000Z",
        "altitude": 34.5,
        "speed": 12.5,
        "heading": 270.0,
        "accuracy": 4.0,
        "battery": 87.0,
        "ignition": True,
        "odometer": 182345.2,
        "alarm": "=sos",
        "received": "2025-11-23T08:00:00.210Z",
        "attributes": json.loads(ATTRIBUTES),
    }
    assert set(known) == set(FIELDS) - {"latitude", "longitude"}


def test_csv_is_rfc_4180_in_utf_8_with_the_columns_of_the_protocol() -> None:
    content = written(
        "csv", [row(T0, -0.1, -57.0, ignition=False), row(T0 + 1, ignition=1, attributes=ATTRIBUTES)]
    )
    head = (
        "time,latitude,longitude,altitude,speed,heading,accuracy,battery,ignition,odometer,alarm,received,"
        "attributes"
    )
    first = "2025-11-23T08:00:00.000Z,-0.1,-57.0,,,,,,false,,,2025-11-23T08:00:00.210Z,"
    assert content.startswith(f"{head}\r\n{first}\r\n".encode())
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    found = read_csv(content)[1]
    assert found["ignition"] == "true"
    assert json.loads(found["attributes"]) == json.loads(ATTRIBUTES)


@pytest.mark.parametrize(
    "alarm",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
        '=HYPERLINK("x","y")',
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted_and_kept(alarm: str) -> None:
    found = read_csv(written("csv", [row(alarm=alarm)]))[0]
    assert found["alarm"] == f"'{alarm}"


@pytest.mark.parametrize("alarm", ["sos", "low_battery", "a=b", "'quoted'", "", "🚨, really"])
def test_any_other_text_is_left_alone(alarm: str) -> None:
    assert harmless(alarm) == alarm
    assert read_csv(written("csv", [row(alarm=alarm)]))[0]["alarm"] == alarm


def test_no_attribute_starts_a_cell_where_the_semicolon_separates() -> None:
    content = written("csv", [row(attributes='{"a":"x;=1+1"}')])
    assert b";" not in content
    assert json.loads(read_csv(content)[0]["attributes"]) == {"a": "x;=1+1"}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimals_have_no_exponent_and_lose_nothing(value: float) -> None:
    assert float(decimal(value)) == value
    assert re.fullmatch(r"-?\d+(\.\d+)?", decimal(value))


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_iso_with_milliseconds(time: datetime) -> None:
    whole = time.replace(microsecond=time.microsecond // 1000 * 1000)
    since = (whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    assert iso(round(since * 1000)) == whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- streaming ----------------------------------------------------------------------------------


def generated(count: int) -> Iterator[list[Row]]:
    """Pages made when they are asked for; a gap every 50 000 fixes."""
    page = drive(5000, **FULL, attributes='{"fuel":43.2}')
    for start in range(0, count, len(page)):
        shift = start * 1000 + start // 50_000 * HOUR
        yield [(found[0] + shift, *found[1:]) for found in page]


@pytest.mark.parametrize("format", FORMATS)
def test_memory_is_flat_at_any_length(format: str) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            size = sum(map(len, gathered(FORMATS[format].write(generated(count), VAN))))
            assert size > count * 50
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(10_000)
    assert few < 24_000_000
    assert peak(100_000) < few + 2_000_000


@pytest.mark.parametrize("format", FORMATS)
def test_the_first_bytes_go_out_before_the_second_page_is_read(format: str) -> None:
    read = []

    def watched() -> Iterator[list[Row]]:
        for page in generated(20_000):
            read.append(len(page))
            yield page

    assert list(islice(gathered(FORMATS[format].write(watched(), VAN)), 1))
    assert len(read) == 1


def test_small_parts_are_sent_together() -> None:
    parts = [b"x" * 1000] * 200
    chunks = list(gathered(parts))
    assert b"".join(chunks) == b"".join(parts)
    assert [len(chunk) for chunk in chunks] == [66_000, 66_000, 66_000, 2000]
    assert list(gathered([])) == []
