"""Files of ours and of others, read and checked as an import reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.history.rows import T0, drive, row
from tests.history.test_exports import ATTRIBUTES, FULL, NASTY, motion, written
from tracking.fixes import Fix
from tracking.history.imports.raw import Bad, Unreadable
from tracking.history.imports.walk import Walk
from tracking.history.tracks import Row

AT = "2025-11-23T08:00:02Z"
MS = 1_763_884_802_000
NOW = MS + 400 * 86_400_000
POINT = '<trkpt lat="57.7" lon="11.97"><ele>12.5</ele><time>2025-11-23T08:00:02Z</time></trkpt>'
TRACCAR_CSV = (
    "id,deviceId,protocol,serverTime,deviceTime,fixTime,valid,latitude,longitude,altitude,speed,course,address,"
    "accuracy,batteryLevel,motion\n"
    "1,7,osmand,2025-11-23 09:00:03,2025-11-23 09:00:02,2025-11-23 09:00:02,true,57.7,11.97,12.5,10.0,270.0,,"
    "4.0,87,true\n"
    "2,7,osmand,2025-11-23 09:00:04,2025-11-23 09:00:03,2025-11-23 09:00:03,true,57.8,11.98,12.5,0.0,0.0,"
    "Street 5, 411 01 Town, SE,4.0,86,false\n"
)
OWNTRACKS = {
    "_type": "location",
    "tst": MS // 1000,
    "lat": 57.7,
    "lon": 11.97,
    "vel": 36,
    "cog": 270,
    "batt": 87,
}
REC = (
    f"{AT}\t*                 \t{json.dumps(OWNTRACKS)}\n"
    f'{AT}\tlwt               \t{{"_type":"lwt","tst":1}}\n'
    f'{AT}\t*                 \t{{"_type":"waypoint","tst":1,"lat":1,"lon":1}}\n'
    f"{AT}\t*                 \t{{broken\n"
)
GOOGLE = {
    "locations": [
        {
            "latitudeE7": 577000000,
            "longitudeE7": 119700000,
            "timestampMs": str(MS),
            "velocity": 10,
            "accuracy": 20,
        },
        {"latitudeE7": 577000000, "longitudeE7": 119700000, "timestamp": "2025-11-23T08:00:03.5Z"},
    ]
}


def walked(
    path: Path, content: bytes | str, *, zone: str = "", unit: str = "", name: str = "t"
) -> tuple[list[Fix], list[Bad], Walk]:
    file = path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    walk = Walk(file, zone=zone, speed_unit=unit, received=NOW)
    chunks = list(walk.chunks())
    return [fix for c in chunks for fix in c.fixes], [bad for c in chunks for bad in c.bad], walk


def moved(fixes: list[Fix]) -> list[tuple[Any, ...]]:
    return [(f.time, f.latitude, f.longitude, f.altitude, f.speed, f.heading) for f in fixes]


def whole(fixes: list[Fix]) -> list[tuple[Any, ...]]:
    """As the rows of the database, without `received` and the device."""
    return [
        (f.time, f.latitude, f.longitude, f.altitude, f.speed, f.heading, f.accuracy, f.battery, f.ignition,
         f.odometer, f.alarm, json.loads(f.attributes) if f.attributes else None)
        for f in fixes
    ]  # fmt: skip


# --- ours: what was taken away comes back ------------------------------------------------------

NASTIES = {
    "one": [row(**FULL)],
    "several": drive(7, **FULL),
    "the poles": [row(T0, 90.0, 1.0, **FULL), row(T0 + 1000, -90.0, -179.9999999, **FULL)],
    "over the antimeridian": [row(T0, 1.0, 179.9, **FULL), row(T0 + 1000, 1.0, -179.9, **FULL)],
    "a leap day": [row(1_709_251_199_000, **FULL), row(1_709_251_200_123, **FULL)],
    "early": [row(1, **FULL), row(90_000_000_000, **FULL)],
}


@pytest.mark.parametrize("format", ["csv", "geojson", "gpx", "kml"])
@pytest.mark.parametrize("rows", NASTIES.values(), ids=NASTIES)
def test_our_own_files_come_back(format: str, rows: list[Row], tmp_path: Path) -> None:
    fixes, bad, walk = walked(tmp_path, written(format, rows, about=NASTY))
    assert bad == []
    assert moved(fixes) == motion(rows)
    assert walk.without_zone == 0


@pytest.mark.parametrize("format", ["csv", "geojson"])
def test_our_csv_and_geojson_come_back_whole(format: str, tmp_path: Path) -> None:
    full = {**FULL, "accuracy": 4.0, "battery": 87.0, "odometer": 182345.2}
    rows = [
        row(**full, ignition=1, alarm="sos", attributes='{"fuel":43.2,"note":"a;b,\\"c\\" 🚚"}'),
        row(T0 + 1000, ignition=False, alarm="=1+1"),
        row(T0 + 2000, attributes=ATTRIBUTES),
    ]
    fixes, bad, _ = walked(tmp_path, written(format, rows))
    assert bad == []
    expected = [
        (*found[:8], None if found[8] is None else bool(found[8]), *found[9:11],
         json.loads(found[12]) if found[12] else None)
        for found in rows
    ]  # fmt: skip
    assert whole(fixes)[:2] == expected[:2]
    big = json.loads(fixes[2].attributes or "")
    assert big["=1+1"] == json.loads(ATTRIBUTES)["=1+1"]


def test_nothing_in_it_is_nothing(tmp_path: Path) -> None:
    for format in ("csv", "geojson", "gpx", "kml"):
        assert walked(tmp_path, written(format, []))[:2] == ([], [])


# --- others' -----------------------------------------------------------------------------------

PLACE = {"latitude": 57.7, "longitude": 11.97}
OTHERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Traccar's GPX": (
        f'<?xml version="1.0"?><gpx version="1.0"><trk><name>Van</name><trkseg>{POINT}</trkseg></trk></gpx>',
        "GPX", {"altitude": 12.5}),
    "OwnTracks' GPX": (f'<?xml version="1.0"?><gpx version="1.0" creator="OwnTracks-Recorder">'
                       f"<trk><trkseg>{POINT}</trkseg></trk></gpx>", "GPX", {"altitude": 12.5}),
    "a .rec file": (REC, "OwnTracks .rec", {"speed": 10.0, "heading": 270.0, "battery": 87.0}),
    "the recorder's JSON": (json.dumps({"count": 1, "data": [OWNTRACKS]}), "JSON",
                            {"speed": 10.0, "heading": 270.0, "battery": 87.0}),
    "the recorder's array": (json.dumps([OWNTRACKS]), "JSON",
                             {"speed": 10.0, "heading": 270.0, "battery": 87.0}),
    "Traccar's interface": (
        json.dumps([{"id": 1, "deviceId": 7, "fixTime": "2025-11-23T08:00:02.000+00:00", **PLACE,
                     "speed": 10.0, "course": 270.0, "attributes": {"motion": True}}]),
        "JSON", {"speed": 5.144444, "heading": 270.0, "attributes": '{"motion":true}'}),
    "our protocol": (json.dumps({"items": [{**PLACE, "time": AT, "speed": 3}]}), "JSON", {"speed": 3.0}),
    "one feature": (
        json.dumps({"type": "Feature", "geometry": {"type": "Point", "coordinates": [11.97, 57.7]},
                    "properties": {"time": AT}}), "JSON", {}),
    "a KML of points": (
        f"<kml><Document><Placemark><TimeStamp><when>{AT}</when></TimeStamp><Point><coordinates>11.97,57.7,5"
        "</coordinates></Point></Placemark></Document></kml>", "KML", {"altitude": 5.0}),
    "CSV with km/h": (f"Lat;Lon;Date Time;Speed (km/h)\n57.7;11.97;{AT};36\n", "CSV", {"speed": 10.0}),
    "CSV with mph": (f"lat,lon,time,speed_mph\n57.7,11.97,{AT},10\n", "CSV", {"speed": 4.4704}),
    "CSV of two columns of time": ("Date,Time,Lat,Lon\n2025-11-23,08:00:02,57.7,11.97\n", "CSV", {}),
    "CSV with German times": ("lat,lon,time,colour\n57.7,11.97,23.11.2025 08:00:02,red\n", "CSV",
                              {"attributes": '{"colour":"red"}'}),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "more"), OTHERS.values(), ids=OTHERS)
def test_it_reads_what_others_write(content: str, kind: str, more: dict[str, Any], tmp_path: Path) -> None:
    fixes, _, walk = walked(tmp_path, content)
    assert walk.source.kind == kind
    expected = dict.fromkeys(Fix.__struct_fields__, None) | {"time": MS, **PLACE} | more
    assert {name: getattr(fixes[0], name) for name in Fix.__struct_fields__} == expected
    assert len(fixes) == 1


def test_traccars_csv_has_knots_local_times_and_addresses_without_quotes(tmp_path: Path) -> None:
    fixes, bad, walk = walked(tmp_path, TRACCAR_CSV, zone="Europe/Stockholm")
    assert bad == []
    assert [fix.time for fix in fixes] == [MS, MS + 1000]
    assert [(fix.latitude, fix.speed, fix.heading) for fix in fixes] == [
        (57.7, 5.144444, 270.0),
        (57.8, 0.0, 0.0),
    ]
    assert (fixes[0].battery, fixes[0].accuracy, fixes[1].accuracy) == (87.0, 4.0, None)
    assert walk.without_zone == 2
    assert (walk.source.kind, walk.source.speed_unit, walk.source.ask_unit) == (
        "CSV (Traccar)",
        "knots",
        False,
    )


def test_googles_records(tmp_path: Path) -> None:
    fixes, bad, _ = walked(tmp_path, json.dumps(GOOGLE))
    assert bad == []
    assert [(f.time, f.latitude, f.longitude, f.speed, f.accuracy) for f in fixes] == [
        (MS, 57.7, 11.97, 10.0, 20.0),
        (MS + 1500, 57.7, 11.97, None, None),
    ]


def test_a_rec_file_says_what_it_could_not_read(tmp_path: Path) -> None:
    assert walked(tmp_path, REC)[1] == [Bad(4, "not JSON", "{broken")]


# --- times -------------------------------------------------------------------------------------


def times(tmp_path: Path, zone: str, *texts: str) -> tuple[list[int], list[str]]:
    lines = "".join(f"57.7,11.97,{text}\n" for text in texts)
    fixes, bad, _ = walked(tmp_path, f"lat,lon,time\n{lines}", zone=zone)
    return [fix.time for fix in fixes], [one.reason for one in bad]


def test_an_hour_that_comes_twice_goes_on_in_order(tmp_path: Path) -> None:
    texts = [f"2025-10-26 {clock}" for clock in ("01:59:00", "02:30:00", "02:59:00", "02:10:00", "03:00:00")]
    found, bad = times(tmp_path, "Europe/Berlin", *texts)
    assert bad == []
    assert [(ms - found[0]) // 60_000 for ms in found] == [0, 31, 60, 71, 121]


def test_a_time_that_was_on_no_clock_is_named(tmp_path: Path) -> None:
    found, bad = times(
        tmp_path, "Europe/Berlin", "2025-03-30 01:59:59", "2025-03-30 02:30:00", "2025-03-30 03:00:00"
    )
    assert found[1] - found[0] == 1000
    assert bad == ["time: 2025-03-30 02:30:00 was on no clock of Europe/Berlin"]


def test_a_column_in_utc_needs_no_zone(tmp_path: Path) -> None:
    _, _, walk = walked(tmp_path, "lat,lon,time_utc\n57.7,11.97,2025-11-23 08:00:02\n")
    assert walk.without_zone == 0
    _, _, walk = walked(tmp_path, "lat,lon,time\n57.7,11.97,2025-11-23 08:00:02\n")
    assert walk.without_zone == 1


def test_speeds_are_in_the_unit_that_is_chosen(tmp_path: Path) -> None:
    content = f"lat,lon,time,speed\n57.7,11.97,{AT},36\n"
    fixes, _, walk = walked(tmp_path, content)
    assert (fixes[0].speed, walk.source.ask_unit) == (36.0, True)
    assert walked(tmp_path, content, unit="km/h")[0][0].speed == 10.0


# --- bad rows, bad files -----------------------------------------------------------------------


def test_bad_rows_are_named_by_line_and_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    content = (
        f"lat,lon,time,note\n57.7,11.97,{AT},ok\nnorth,11.97,{AT},\n91,11.97,{AT},\n0,0,{AT},\n"
        f"57.7,11.97,,\n57.7,11.97,noon,\n57.7,11.97,2099-01-01T00:00:00Z,\n57.7,11.97,{AT},a,b\n"
        f"57.7,11.97,1969-12-31T23:59:59Z,\n\n57.7,11.97,{AT},last\n"
    )
    fixes, bad, _ = walked(tmp_path, content)
    assert len(fixes) == 2
    assert sorted((one.where, one.reason.split(":")[0]) for one in bad) == [
        (3, "latitude"), (4, "latitude"), (5, "latitude, longitude"), (6, "time"), (7, "time"), (8, "time"),
        (9, "5 cells, but 4 columns"), (10, "time"),
    ]  # fmt: skip
    assert all(one.content for one in bad)


BOMB = '<!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><gpx><trk><name>&b;</name></trk></gpx>'
FILE = '<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/hostname">]><gpx><trk><name>&x;</name></trk></gpx>'
UNREADABLE = {
    "nothing": ("", "empty"),
    "an archive": ("PK\x03\x04", "unpack it first"),
    "other XML": ("<html></html>", "neither GPX nor KML"),
    "broken XML": (f"<gpx><trk><trkseg>{POINT}", "not XML"),
    "a bomb": (BOMB, "declares an entity"),
    "a file of the server": (FILE, "declares an entity"),
    "broken JSON": ('{"features":[{"a":1', "not JSON"),
    "no time": ("lat,lon\n1,2\n", "no column for time"),
}


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_it_says_what_it_cannot_read(content: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=words):
        walked(tmp_path, content)


def test_a_line_without_times_is_named(tmp_path: Path) -> None:
    kml = "<kml><Placemark><LineString><coordinates>1,2,3 4,5,6</coordinates></LineString></Placemark></kml>"
    feature = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}
    for content in (kml, json.dumps(feature)):
        fixes, bad, _ = walked(tmp_path, content)
        assert fixes == []
        assert [one.reason.rpartition(": ")[2] for one in bad] == ["when was it driven?"]


def test_deep_and_odd_json_is_no_position(tmp_path: Path) -> None:
    odd = [1, "a", None, [], {}, {"type": "Feature", "geometry": None}, {"lat": {}, "lon": [], "time": AT}]
    fixes, bad, _ = walked(tmp_path, json.dumps(odd))
    assert fixes == []
    assert len(bad) == len(odd)


def test_a_long_file_is_read_with_flat_memory(tmp_path: Path) -> None:
    import tracemalloc

    def peak(count: int) -> int:
        file = tmp_path / "t.gpx"
        with file.open("w") as out:
            out.write("<gpx><trk><trkseg>")
            out.writelines([POINT] * count)
            out.write("</trkseg></trk></gpx>")
        tracemalloc.start()
        try:
            walk = Walk(file, zone="", speed_unit="", received=NOW)
            assert sum(chunk.rows for chunk in walk.chunks()) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < peak(5_000) + 1_000_000
