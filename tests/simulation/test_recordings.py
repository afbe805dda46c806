from pathlib import Path

import pytest

from tracking.simulation import recordings
from tracking.simulation.recordings import Unreadable, played, read

MS = 1_763_884_802_000  # 2025-11-23T08:00:02Z
PLACE = {"latitude": 57.7, "longitude": 12.0}
GPX = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk>{}</trk></gpx>'
POINT = '<trkpt lat="57.7" lon="12.0"><ele>12.5</ele><time>{}</time></trkpt>'
LINE = '{{"type":"Feature","geometry":{{"type":"{}","coordinates":{}}},"properties":{{"coordTimes":{}}}}}'

READABLE = {
    "csv": ("t.csv", "latitude,longitude,time\n57.7,12.0,2025-11-23T08:00:02Z\n", {"": [{}]}),
    "csv, other names": ("t.csv", "lon,lat,timestamp\n12.0,57.7,1763884802\n", {"": [{}]}),
    "csv, milliseconds": ("t.csv", "lng;lat;datetime\n12.0;57.7;1763884802000\n", {"": [{}]}),
    "csv, a zone": ("t.csv", "Lon,Lat,Time\n12.0,57.7,2025-11-23T09:00:02+01:00\n", {"": [{}]}),
    "csv, a byte order mark": ("t.csv", "\ufefflat,lon,time\r\n57.7,12,1763884802\r\n", {"": [{}]}),
    "csv, tracks and more": (
        "t.csv",
        "lat,lon,time,speed,name_id,colour\n57.7,12,2025-11-23 08:00:02,3,b,red\n57.7,12,1763884802,,a,\n",
        {"b": [{"speed": 3.0}], "a": [{}]},
    ),
    "gpx": (
        "t.gpx",
        GPX.format(f"<trkseg>{POINT.format('2025-11-23T08:00:02Z')}</trkseg><trkseg>"
                   f"{POINT.format('2025-11-23T08:00:02Z')}</trkseg>"),
        {"1.1": [{"altitude": 12.5}], "1.2": [{"altitude": 12.5}]},
    ),
    "geojson points": (
        "t.geojson",
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":'
        '[12.0,57.7]},"properties":{"time":"2025-11-23T08:00:02Z","speed":3,"battery":80}}]}',
        {"": [{"speed": 3.0}]},
    ),
    "geojson line": (
        "t.geojson",
        LINE.format("LineString", "[[12.0,57.7,12.5]]", '["2025-11-23T08:00:02Z"]'),
        {"0.0": [{"altitude": 12.5}]},
    ),
    "geojson lines": (
        "t.json",
        LINE.format("MultiLineString", "[[[12.0,57.7]],[[12.0,57.7]]]", "[[1763884802],[1763884802000]]"),
        {"0.0": [{}], "0.1": [{}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "tracks"), READABLE.values(), ids=READABLE)
def test_it_reads(name: str, text: str, tracks: dict[str, list[recordings.Item]], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    expected = {track: [{"time": MS, **PLACE, **item} for item in items] for track, items in tracks.items()}
    assert read(path).tracks == expected


BOMB = '<!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + GPX.format("<name>&b;</name>")
UNREADABLE = {
    "another kind": ("t.xlsx", "", "can be played"),
    "no time column": ("t.csv", "lat,lon\n1,2\n", "no column for time"),
    "an empty csv": ("t.csv", "", "the file is empty"),
    "a word for a number": ("t.csv", "lat,lon,time\n1,2,1763884802\nnorth,2,1763884802\n", "line 3"),
    "a short row": ("t.csv", "time,lat,lon\n1763884802,2\n", "line 2"),
    "a time that is none": ("t.csv", "lat,lon,time\n1,2,noon\n", "line 2"),
    "broken xml": ("t.gpx", "<gpx><trk>", "not XML"),
    "an entity": ("t.gpx", BOMB, "declares an entity"),
    "broken json": ("t.geojson", "{", "t.geojson"),
    "a line without times": (
        "t.geojson",
        '{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{}}',
        "without coordTimes",
    ),
    "fewer times than points": ("t.geojson", LINE.format("LineString", "[[1,2],[3,4]]", "[1]"), "t.geojson"),
}


@pytest.mark.parametrize(("name", "text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_it_says_what_it_cannot_read(name: str, text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(Unreadable, match=reason):
        read(path)


def test_it_counts_times_without_zone_and_points_without_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("lat,lon,time\n57.7,12,2025-11-23 08:00:02\n57.7,12,\n57.7,12,2025-11-23T08:00:02Z\n")
    recording = read(path)
    assert (recording.without_zone, recording.without_time) == (1, 1)
    assert [item["time"] for item in recording.tracks[""]] == [MS, MS]


def items(*seconds: int) -> list[recordings.Item]:
    return [{"time": second * 1000} for second in seconds]


def test_tracks_are_played_one_after_another_in_order_of_time_with_short_pauses() -> None:
    tracks = {"late": items(100, 101), "early": items(12, 10, 60)}
    order = [(wait, item["time"] // 1000) for wait, item in played(tracks, speed=2, max_pause_s=5)]
    assert order == [(0, 10), (1, 12), (2.5, 60), (2.5, 100), (0.5, 101)]
