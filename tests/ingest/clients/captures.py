"""What the clients really send, byte for byte, and what it means: {name: (call, expected records)}."""

from typing import Any

from tracking.ingest.clients import Call

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
KNOT, KMH = 1852 / 3600, 1 / 3.6


def get(query: str) -> Call:
    return Call("GET", query=query)


def post_query(query: str) -> Call:
    return Call("POST", query=query)


def form(body: str) -> Call:
    return Call("POST", content_type=FORM, body=body.encode())


def post(body: str, **more: str) -> Call:
    return Call("POST", content_type=JSON, body=body.encode(), **more)


def fix(time: Any, latitude: float, longitude: float, **more: Any) -> dict[str, Any]:
    item = {"latitude": latitude, "longitude": longitude, **more}
    return item if time is None else {**item, "time": time}


# (name, client, call, [(uid, item)…] where an item of None is a heartbeat)
CAPTURES: list[tuple[str, str, Call, list[tuple[str, Any]]]] = [
    (
        "Traccar Client 8: all in the query of a POST",
        "OsmAnd protocol",
        post_query(
            "id=123456789012345&timestamp=619315200&lat=0.0&lon=0.0&speed=0.0&bearing=0.0&altitude=0.0"
            "&accuracy=0.0&batt=0.0"
        ),
        [
            (
                "123456789012345",
                fix(619315200, 0, 0, speed=0, heading=0, altitude=0, accuracy=0, battery=0),
            )
        ],
    ),
    (
        "Traccar Client 8: charging, mocked and alarmed",
        "OsmAnd protocol",
        post_query(
            "id=123456789012345&timestamp=619315200&lat=1.5&lon=2.5&speed=10&bearing=0.0&altitude=0.0"
            "&accuracy=0.0&batt=0.0&charge=true&mock=true&alarm=alert%20message"
        ),
        [
            (
                "123456789012345",
                fix(
                    619315200,
                    1.5,
                    2.5,
                    speed=10 * KNOT,
                    heading=0,
                    altitude=0,
                    accuracy=0,
                    battery=0,
                    alarm="alert message",
                    attributes={"charging": True, "mock": True},
                ),
            )
        ],
    ),
    (
        "OsmAnd: towers and access points, no position",
        "OsmAnd protocol",
        get(
            "id=123456&timestamp=1377177267&cell=257,02,16,2224&cell=257,02,16,2223,-90"
            "&wifi=00-14-22-01-23-45,-80&wifi=00-14-22-01-23-46,-80"
        ),
        [("123456", None)],
    ),
    (
        "OsmAnd: an ISO time",
        "OsmAnd protocol",
        get(
            "id=902064&lat=42.06288&lon=-88.23412&timestamp=2016-01-27T18%3A55%3A47Z&hdop=6.0"
            "&altitude=224.0&speed=0.0"
        ),
        [
            (
                "902064",
                fix(
                    "2016-01-27T18:55:47Z",
                    42.06288,
                    -88.23412,
                    altitude=224,
                    speed=0,
                    attributes={"hdop": 6},
                ),
            )
        ],
    ),
    (
        "OsmAnd: milliseconds",
        "OsmAnd protocol",
        get("id=902064&lat=42.06288&lon=-88.23412&timestamp=1442068686579"),
        [("902064", fix(1442068686579, 42.06288, -88.23412))],
    ),
    (
        "OsmAnd: a time without a zone is UTC",
        "OsmAnd protocol",
        get(
            "lat=49.60688&lon=6.15788&timestamp=2014-06-04+09%3A10%3A11&altitude=384.7&speed=0.0"
            "&id=353861053849681"
        ),
        [("353861053849681", fix("2014-06-04 09:10:11Z", 49.60688, 6.15788, altitude=384.7, speed=0))],
    ),
    (
        "OsmAnd: heading and deviceid, no time",
        "OsmAnd protocol",
        get("lat=60.0&lon=30.0&speed=0.0&heading=0.0&vacc=0&hacc=0&altitude=0&deviceid=123456"),
        [
            (
                "123456",
                fix(None, 60, 30, speed=0, heading=0, altitude=0, attributes={"vacc": 0, "hacc": 0}),
            )
        ],
    ),
    (
        "OsmAnd: location=lat,lon",
        "OsmAnd protocol",
        get("id=123456&timestamp=1377177267&location=60.0,30.0"),
        [("123456", fix(1377177267, 60, 30))],
    ),
    (
        "OsmAnd: ignition and engine",
        "OsmAnd protocol",
        get(
            "id=123456789012345&timestamp=1504763810&lat=40.7232948571&lon=-74.0061408571"
            "&bearing=7.19889788244&speed=40&ignition=true&rpm=933&fuel=24"
        ),
        [
            (
                "123456789012345",
                fix(
                    1504763810,
                    40.7232948571,
                    -74.0061408571,
                    heading=7.198898,
                    speed=40 * KNOT,
                    ignition=True,
                    attributes={"rpm": 933, "fuel": 24},
                ),
            )
        ],
    ),
    (
        "OsmAnd: without an id, and empty values",
        "OsmAnd protocol",
        get("timestamp=1377177267&lat=60.0&lon=30.0&batt=&alarm=&speed="),
        [("", fix(1377177267, 60, 30))],
    ),
    (
        "Traccar Client 10",
        "Traccar Client",
        form(
            "id=93872193&lat=49.547&lon=25.5959&timestamp=1773064790&accuracy=12.0&altitude=306.74"
            "&speed=2.5&bearing=-1&batt=95&charge=false&alarm=sos"
        ),
        [
            (
                "93872193",
                fix(
                    1773064790,
                    49.547,
                    25.5959,
                    accuracy=12,
                    altitude=306.74,
                    speed=2.5 * KNOT,
                    battery=95,
                    alarm="sos",
                    attributes={"charging": False},
                ),
            )
        ],
    ),
    (
        "Traccar Client 10: a heartbeat",
        "Traccar Client",
        form("id=93872193&timestamp=1773064790&batt=95&charge=false"),
        [("93872193", None)],
    ),
    (
        "Traccar Client 10: its notification token",
        "Traccar Client",
        form("id=93872193&notificationToken=dQw4w9WgXcQ:APA91b"),
        [("93872193", None)],
    ),
    (
        "the link that sets up Traccar Client, opened in a browser, is no sign of life",
        "OsmAnd protocol",
        get("id=van-7&accuracy=high&distance=30&interval=15&angle=30&heartbeat=300&buffer=true"),
        [],
    ),
    (
        "a fork of Traccar Client 10: a batch of flat objects",
        "Traccar Client",
        post(
            '[{"id":"9","lat":49.5,"lon":25.5,"timestamp":1773064790,"speed":1.0,"battery_health":"good"},'
            '{"id":"9","timestamp":1773064800,"batt":94}]'
        ),
        [
            (
                "9",
                fix(1773064790, 49.5, 25.5, speed=KNOT, attributes={"battery_health": "good"}),
            ),
            ("9", None),
        ],
    ),
    (
        "GPSLogger: the query of its example",
        "OsmAnd protocol",
        get(
            "lat=12.193&lon=19.111&sat=0&desc=&alt=0.0&acc=0.0&dir=0.0&prov=MOCK&spd=3.5"
            "&time=2016-03-05T19:24:29.949Z&battery=0.0&androidId=&serial=&activity="
        ),
        [
            (
                "",
                fix(
                    "2016-03-05T19:24:29.949Z",
                    12.193,
                    19.111,
                    altitude=0,
                    accuracy=0,
                    heading=0,
                    speed=3.5,
                    battery=0,
                    attributes={"sat": 0, "prov": "MOCK"},
                ),
            )
        ],
    ),
    (
        "GPSLogger: %ALL",
        "OsmAnd protocol",
        get(
            "lat=12.193&lon=19.111&sat=7&desc=&alt=45.0&acc=9.0&dir=13.2&prov=gps&spd_kph=12.6&spd=3.5"
            "&timestamp=1457205869&timeoffset=2016-03-05T20:24:29.949+01:00&time=2016-03-05T19:24:29.949Z"
            "&starttimestamp=1457205000&batt=87.0&ischarging=true&hdop=1.1"
        ),
        [
            (
                "",
                fix(
                    1457205869,
                    12.193,
                    19.111,
                    altitude=45,
                    accuracy=9,
                    heading=13.2,
                    speed=3.5,
                    battery=87,
                    attributes={
                        "sat": 7,
                        "prov": "gps",
                        "timeoffset": "2016-03-05T20:24:29.949 01:00",
                        "starttimestamp": 1457205000,
                        "charging": True,
                        "hdop": 1.1,
                    },
                ),
            )
        ],
    ),
    (
        "GPSLogger: OwnTracks' shape with quoted numbers, vel in m/s",
        "GPSLogger",
        post(
            '{"_type":"location","t":"u","acc":"12","alt":"300.0","batt":"87.0","bs":"true","lat":"48.1",'
            '"lon":"11.5","tst":"1700000000","vel":"3.2"}'
        ),
        [
            (
                "",
                fix(
                    1700000000,
                    48.1,
                    11.5,
                    accuracy=12,
                    altitude=300,
                    battery=87,
                    speed=3.2,
                    attributes={"t": "u", "charging": True},
                ),
            )
        ],
    ),
    (
        "Traccar Client 9",
        "Traccar Client",
        post(
            '{"location":{"timestamp":"2025-06-15T13:45:12.862Z",'
            '"coords":{"latitude":37.4219983,"longitude":-122.084,"accuracy":5,"speed":0,"heading":-1,"altitude":5},'
            '"is_moving":false,"odometer":0,"event":"motionchange",'
            '"battery":{"level":1,"is_charging":false},"activity":{"type":"still"},"extras":{},'
            '"_":"&id=48241179&lat=37.4219983&lon=-122.084&timestamp=2025-06-15T13:45:12.862Z&"},'
            '"device_id":"48241179"}'
        ),
        [
            (
                "48241179",
                fix(
                    "2025-06-15T13:45:12.862Z",
                    37.4219983,
                    -122.084,
                    accuracy=5,
                    speed=0,
                    altitude=5,
                    odometer=0,
                    battery=100,
                    attributes={
                        "is_moving": False,
                        "event": "motionchange",
                        "activity": "still",
                        "charging": False,
                    },
                ),
            )
        ],
    ),
    (
        "Traccar Client 9 without a template",
        "Traccar Client",
        post(
            '{"location":{"event":"motionchange","is_moving":false,"uuid":"0e9a2473-a9a7-4c00-997b-fb97d2154e75",'
            '"timestamp":"2021-07-21T08:06:34.444Z","odometer":0,'
            '"coords":{"latitude":-6.1148096,"longitude":106.6837015,"accuracy":3.8,"speed":18.67,'
            '"speed_accuracy":0.26,"heading":63,"heading_accuracy":0.28,"altitude":35.7,"altitude_accuracy":3.8},'
            '"activity":{"type":"still","confidence":100},"battery":{"is_charging":false,"level":0.79},"extras":{}},'
            '"device_id":"8737767034"}'
        ),
        [
            (
                "8737767034",
                fix(
                    "2021-07-21T08:06:34.444Z",
                    -6.1148096,
                    106.6837015,
                    accuracy=3.8,
                    speed=18.67,
                    heading=63,
                    altitude=35.7,
                    odometer=0,
                    battery=79,
                    attributes={
                        "speed_accuracy": 0.26,
                        "heading_accuracy": 0.28,
                        "altitude_accuracy": 3.8,
                        "event": "motionchange",
                        "is_moving": False,
                        "uuid": "0e9a2473-a9a7-4c00-997b-fb97d2154e75",
                        "activity": "still",
                        "charging": False,
                    },
                ),
            )
        ],
    ),
    (
        "Traccar Client 9: a heartbeat without coords; what is unknown is -1",
        "Traccar Client",
        post(
            '{"location":{"timestamp":"2025-06-15T13:45:12.862Z","extras":{"heartbeat":true},'
            '"battery":{"level":0.5,"is_charging":true}},"device_id":"48241179"}'
        ),
        [("48241179", None)],
    ),
    (
        "Traccar Client 9: an SOS",
        "Traccar Client",
        post(
            '{"location":{"timestamp":"2025-06-15T13:45:12Z","coords":{"latitude":1,"longitude":2,"speed":-1,'
            '"heading":-1,"accuracy":-1},"battery":{"level":-1},"extras":{"alarm":"lowBattery"},"alarm":"sos"},'
            '"device_id":"48241179"}'
        ),
        [("48241179", fix("2025-06-15T13:45:12Z", 1, 2, alarm="sos"))],
    ),
    (
        "OwnTracks on Android",
        "OwnTracks",
        post(
            '{"_type":"location","BSSID":"0c:70:63:a3:e4:d3","SSID":"mywifi","_id":"ebbafc6b","acc":4,"alt":-23,'
            '"batt":6,"bs":1,"cog":0,"conn":"w","created_at":1737558539,"lat":27.16341687,"lon":-81.57608669,'
            '"m":2,"tid":"64","topic":"owntracks/user/bobsphone","tst":1737558539,"vac":5,"vel":0}'
        ),
        [
            (
                "bobsphone",
                fix(
                    1737558539,
                    27.16341687,
                    -81.57608669,
                    accuracy=4,
                    altitude=-23,
                    battery=6,
                    heading=0,
                    speed=0,
                    attributes={
                        "BSSID": "0c:70:63:a3:e4:d3",
                        "SSID": "mywifi",
                        "conn": "w",
                        "m": 2,
                        "vac": 5,
                        "charging": False,
                    },
                ),
            )
        ],
    ),
    (
        "OwnTracks: vel is km/h",
        "OwnTracks",
        post(
            '{"cog":271,"lon":2.29513,"acc":5,"vel":61,"vac":21,"lat":48.85833,"tst":1497349316,"alt":167,'
            '"_type":"location","tid":"JJ","t":"u","batt":67}'
        ),
        [
            (
                "JJ",
                fix(
                    1497349316,
                    48.85833,
                    2.29513,
                    heading=271,
                    accuracy=5,
                    speed=61 * KMH,
                    altitude=167,
                    battery=67,
                    attributes={"vac": 21, "t": "u"},
                ),
            )
        ],
    ),
    (
        "OwnTracks: X-Limit-D names the phone",
        "OwnTracks",
        post('{"_type":"location","lat":48.85833,"lon":2.29513,"tst":1497349316,"tid":"JJ"}', phone="nexus"),
        [("nexus", fix(1497349316, 48.85833, 2.29513))],
    ),
    (
        "OwnTracks: so does the address",
        "OwnTracks",
        Call(
            "POST", query="u=bob&d=nexus", body=b'{"_type":"location","lat":48.8,"lon":2.2,"tst":1497349316}'
        ),
        [("nexus", fix(1497349316, 48.8, 2.2))],
    ),
    (
        "OwnTracks: a transition says where the phone was",
        "OwnTracks",
        post(
            '{"_type":"transition","wtst":1437552714,"lat":48.85,"lon":2.29,"tst":1497349316,"acc":15,"tid":"JJ",'
            '"event":"enter","desc":"Depot","t":"c","rid":"6da9cf"}'
        ),
        [
            (
                "JJ",
                fix(
                    1497349316,
                    48.85,
                    2.29,
                    accuracy=15,
                    attributes={
                        "wtst": 1437552714,
                        "event": "enter",
                        "desc": "Depot",
                        "t": "c",
                        "rid": "6da9cf",
                    },
                ),
            )
        ],
    ),
    (
        "OwnTracks: a waypoint is a place, not where the phone is",
        "OwnTracks",
        post(
            '{"_type":"waypoint","desc":"Depot","lat":51.0,"lon":0.0,"rad":150,"tst":1437552714,"rid":"6da9cf"}'
        ),
        [("", None)],
    ),
    ("OwnTracks: the last will", "OwnTracks", post('{"_type":"lwt","tst":1737558000}'), []),
    (
        "OwnTracks: a status",
        "OwnTracks",
        post('{"_type":"status","_id":"1f","android":{"hib":0,"bo":0,"loc":0,"ps":0,"wifi":1}}'),
        [("", None)],
    ),
    ("OwnTracks: of a kind that nobody knows", "OwnTracks", post('{"_type":"sneeze"}'), [("", None)]),
    ("OwnTracks: an empty body", "OwnTracks", post(""), []),
    (
        "OwnTracks from a Queclink tracker",
        "OwnTracks",
        post(
            '{"topic":"owntracks/qtripp/865284041968706","lat":47.420051,"lon":13.654704,"vel":0,"cog":113,'
            '"tst":1736519167,"mcc":232,"mnc":1,"lac":"4F4D","cid":"673A","_type":"location","acc":10,"alt":1113,'
            '"t":"I","don":105,"tid":"CS"}'
        ),
        [
            (
                "865284041968706",
                fix(
                    1736519167,
                    47.420051,
                    13.654704,
                    speed=0,
                    heading=113,
                    accuracy=10,
                    altitude=1113,
                    ignition=False,
                    attributes={
                        "mcc": 232,
                        "mnc": 1,
                        "lac": "4F4D",
                        "cid": "673A",
                        "t": "I",
                        "don": 105,
                    },
                ),
            )
        ],
    ),
    (
        "Overland's OwnTracks mode counts from 2001",
        "OwnTracks",
        post('{"_type":"location","lat":48.85,"lon":2.29,"tst":783000000}'),
        [("", fix(1761307200, 48.85, 2.29))],
    ),
    (
        "Overland",
        "Overland",
        post(
            '{"locations":[{"type":"Feature","geometry":{"type":"Point","coordinates":[-122.030581,37.331800]},'
            '"properties":{"timestamp":"2015-10-01T08:00:00-0700","altitude":0,"speed":4,"course":271,'
            '"horizontal_accuracy":30,"vertical_accuracy":-1,"speed_accuracy":-1,"course_accuracy":-1,'
            '"motion":["driving","stationary"],"battery_state":"charging","battery_level":0.80,'
            '"device_id":"van7","unique_id":"","wifi":""}}],'
            '"current":{"type":"Feature","geometry":{"type":"Point","coordinates":[-122.1,37.4]},'
            '"properties":{"timestamp":"2015-10-01T08:00:10-0700","speed":-1,"course":-1,"battery_level":-1,'
            '"device_id":"van7"}},"trip":{"distance":10,"mode":"car"}}'
        ),
        [
            (
                "van7",
                fix(
                    "2015-10-01T08:00:00-0700",
                    37.3318,
                    -122.030581,
                    altitude=0,
                    speed=4,
                    heading=271,
                    accuracy=30,
                    battery=80,
                    attributes={"motion": ["driving", "stationary"], "charging": True},
                ),
            ),
            ("van7", fix("2015-10-01T08:00:10-0700", 37.4, -122.1)),
        ],
    ),
    (
        "Traccar server",
        "Traccar server",
        post(
            '{"position":{"id":0,"attributes":{"motion":false,"odometer":1,"activity":"still","batteryLevel":95,'
            '"distance":0.0073,"totalDistance":0.0114,"hours":7200000,"alarm":"lowBattery,sos"},'
            '"deviceId":1,"protocol":"osmand","serverTime":"2026-03-09T14:00:01.161+00:00",'
            '"deviceTime":"2026-03-09T13:59:50.005+00:00","fixTime":"2026-03-09T13:59:50.005+00:00","valid":true,'
            '"latitude":49.54708405872899,"longitude":25.59591655700441,"altitude":306.74,'
            '"speed":10.0,"course":0.0,"address":null,"accuracy":0.0,"network":null,"geofenceIds":null},'
            '"device":{"id":1,"attributes":{},"groupId":0,"calendarId":0,"name":"93872193","uniqueId":"93872193",'
            '"status":"online","lastUpdate":"2026-03-09T14:00:01.206+00:00","positionId":0,"phone":null,'
            '"model":null,"contact":null,"category":null,"disabled":false,"expirationTime":null}}'
        ),
        [
            (
                "93872193",
                fix(
                    "2026-03-09T13:59:50.005+00:00",
                    49.54708405872899,
                    25.59591655700441,
                    altitude=306.74,
                    speed=10 * KNOT,
                    heading=0,
                    accuracy=0,
                    battery=95,
                    odometer=1,
                    alarm="sos",
                    attributes={
                        "motion": False,
                        "activity": "still",
                        "distance": 0.0073,
                        "totalDistance": 0.0114,
                        "hours": 2.0,
                        "alarms": ["low_battery", "sos"],
                        "protocol": "osmand",
                        "valid": True,
                    },
                ),
            )
        ],
    ),
    (
        "Traccar server: an old fix in a newer report is also a sign of life",
        "Traccar server",
        post(
            '{"position":{"fixTime":"2026-03-09T13:59:50Z","deviceTime":"2026-03-09T14:09:50Z","latitude":1.5,'
            '"longitude":2.5,"attributes":{"batteryLevel":12}},"device":{"uniqueId":"9"}}'
        ),
        [("9", fix("2026-03-09T13:59:50Z", 1.5, 2.5, battery=12)), ("9", None)],
    ),
    (
        "Traccar server: an event",
        "Traccar server",
        post(
            '{"event":{"id":43334,"attributes":{},"deviceId":385,"type":"deviceOffline",'
            '"eventTime":"2024-05-10T10:45:34.984+00:00","positionId":0,"geofenceId":0,"maintenanceId":0},'
            '"device":{"uniqueId":"9"}}'
        ),
        [],
    ),
    (
        "flespi",
        "flespi",
        post(
            '[{"ident":"605630","timestamp":1506956075.25,"position.latitude":53.90573,'
            '"position.longitude":27.455848,"position.speed":36,"position.direction":0,'
            '"position.altitude":233.48,"position.satellites":10,"engine.ignition.status":true,'
            '"movement.status":true,"battery.level":80,"ain#1":0,"vehicle.mileage":12.5,'
            '"alarm.event.trigger":false},{"ident":"605630","timestamp":1506956076,"battery.level":79}]'
        ),
        [
            (
                "605630",
                fix(
                    1506956075.25,
                    53.90573,
                    27.455848,
                    speed=10,
                    heading=0,
                    altitude=233.48,
                    battery=80,
                    ignition=True,
                    odometer=12500,
                    attributes={
                        "position.satellites": 10,
                        "movement.status": True,
                        "ain#1": 0,
                        "alarm.event.trigger": False,
                    },
                ),
            ),
            ("605630", None),
        ],
    ),
    (
        "Colota's own",
        "Colota",
        post(
            '{"lat":48.1,"lon":11.5,"acc":12,"alt":519,"vel":3.2,"batt":85,"bs":2,"tst":1704067200,"bear":180.5}'
        ),
        [
            (
                "",
                fix(
                    1704067200,
                    48.1,
                    11.5,
                    accuracy=12,
                    altitude=519,
                    speed=3.2,
                    battery=85,
                    heading=180.5,
                    attributes={"charging": True},
                ),
            )
        ],
    ),
    (
        "an automation of Home Assistant",
        "Home Assistant",
        post(
            '{"device_id":"iphone_16","timestamp":"2025-11-23T08:00:00+01:00","location":{"latitude":48.1,'
            '"longitude":"11.5","accuracy":12,"altitude":519,"speed":-1},"battery":{"level":"85"}}'
        ),
        [("iphone_16", fix("2025-11-23T08:00:00+01:00", 48.1, 11.5, accuracy=12, altitude=519, battery=85))],
    ),
    (
        "ours",
        "Fleetline",
        post('{"items":[{"lat":48.1,"lon":11.5,"speed":3,"fuel":7}]}'),
        [("", {"lat": 48.1, "lon": 11.5, "speed": 3, "fuel": 7})],
    ),
]
