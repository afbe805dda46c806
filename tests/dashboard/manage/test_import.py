"""Vehicles from a spreadsheet."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from dashboard import vehicle_csv
from tracking import devices
from tracking.models import Device, Driver, PendingDevice, Vehicle

URL = "/manage/vehicles/import/"


def lines(text: str, house) -> list[tuple[int, str, str]]:
    """Number, name and errors of each line."""
    return [
        (line.number, line.cells["name"], "; ".join(line.errors))
        for line in vehicle_csv.read(text, house.north)
    ]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("name\nVan 8\n", [""]),
        ("\ufeffName , PLATE\r\nVan 8,AB-1\r\n", [""]),
        ("name;plate;tags\nVan 8;AB;a,b\n", [""]),
        ("name\tdevice\nVan 8\timei-8\n", [""]),
        ('name,tags\n"Van, ""8""","a, b"\n', [""]),
        ("name,plate\nVan 8\n\n,,\nVan 9,X\n", ["", ""]),
        ("name,plate\n,AB\n", ["no name"]),
        ("name\n" + "x" * 101 + "\n", ["name: longer than 100 characters"]),
        ("name,tags\nVan 8," + "|".join(map(str, range(13))) + "\n", ["tags: At most 12 tags."]),
        ("name,device\nVan 8,im ei\n", ["device: A device id has no spaces."]),
        ("name,device\nVan 8,van-7\n", ["this device id is taken"]),
        ("name,device\nVan 8,truck-1\n", ["this device id is taken"]),
        ("name,device\nVan 8,a\nVan 9,a\n", ["", "device id as in line 2"]),
        (
            "name,driver\nVan 8,Eva\nVan 9,Eva\n",
            ["", "driver as in line 2: one drives one vehicle at a time"],
        ),
        ("name,driver\nVan 8,Jan de Vries\n", ["this driver drives Van 7 now"]),
        ("name,driver,phone\nVan 8,Free,+1\n", ["this driver is known: leave the phone empty"]),
        ("name,driver\nVan 8,Free\n", [""]),
        ("name,phone\nVan 8,+31 6\n", ["a phone without a driver"]),
        (
            "name,driver,phone\nVan 8,Eva,call me\n",
            ["phone: A phone number has digits, spaces and + ( ) - . /"],
        ),
    ],
)
def test_each_line_is_judged(house, text, errors) -> None:
    Driver.objects.create(fleet=house.north, name="Free")
    assert [error for _, _, error in lines(text, house)] == errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must name the columns"),
        ("plate\nAB\n", "must name the columns"),
        ("name,colour\nVan,red\n", "not known"),
        ("name,name\nVan,Van\n", "one twice"),
        ("name\nVan,8\n", "Line 2 has more cells"),
        ('name\n"Van\n', "Line"),
        ("name\nVan\0\n", "no text"),
        ("name\n" + "Van\n" * 10_001, "More than 10000"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(house, text, words) -> None:
    with pytest.raises(vehicle_csv.Unreadable, match=words):
        vehicle_csv.read(text, house.north)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_as_spreadsheets_save_it(encoding) -> None:
    assert vehicle_csv.decode("name\nVän 8\n".encode(encoding)) == "name\nVän 8\n"


def test_as_chinese_spreadsheets_save_it() -> None:
    with translation.override("zh-hans"):
        assert vehicle_csv.decode("name\n京A12345 冷藏车\n".encode("gbk")) == "name\n京A12345 冷藏车\n"
        assert vehicle_csv.decode("name\n冷藏车\n".encode()) == "name\n冷藏车\n"


def test_what_is_no_text_is_refused() -> None:
    for content in (b"\xff\xfe\x00", b"x" * (vehicle_csv.MAX_BYTES + 1)):
        with pytest.raises(vehicle_csv.Unreadable):
            vehicle_csv.decode(content)


@pytest.mark.parametrize("text", ["=1+1", "+31 6", "@x", "-1", "plain", "it's"])
def test_out_and_in_again_is_the_same(house, text) -> None:
    row = dict.fromkeys(vehicle_csv.COLUMNS, "") | {"name": text, "plate": text[:20]}
    again = vehicle_csv.read("".join(vehicle_csv.write([row])), house.north)
    assert (again[0].cells["name"], again[0].cells["plate"]) == (text, text[:20])


def upload(client, house, content: str | bytes):
    data = content.encode() if isinstance(content, str) else content
    return client.post(URL, {"fleet": house.north.pk, "file": SimpleUploadedFile("v.csv", data)})


def test_the_preview_changes_nothing_and_the_button_adds_the_good_lines(house, alice) -> None:
    text = "name,plate,tags,driver,phone,device\nVan 8,AB,cooled,Eva,+31 6,imei-8\nVan 9,,,,,van-7\n"
    page = upload(alice, house, text).content.decode()
    for words in ("1 vehicle for North", "1 line left out", "this device id is taken", "Add 1 vehicle"):
        assert words in page
    assert Vehicle.objects.count() == 2
    assert alice.post(URL, {"fleet": house.north.pk, "text": text, "add": "1"})["Location"] == "/manage/"
    van = Vehicle.objects.get(name="Van 8")
    assert (van.plate, van.tags, van.fleet) == ("AB", ["cooled"], house.north)
    assert van.driver is not None
    assert (van.driver.name, van.driver.phone) == ("Eva", "+31 6")
    assert van.devices.get().uid == "imei-8"
    assert not Vehicle.objects.filter(name="Van 9").exists()


def test_markup_in_a_file_is_text(house, alice) -> None:
    page = upload(alice, house, "name,plate\n<script>x</script>,</textarea><b>\n").content.decode()
    assert "<script>x" not in page
    assert "</textarea><b>" not in page


def test_what_is_read_again_is_judged_again(house, alice) -> None:
    text = "name,device\nVan 8,imei-8\n"
    Device.objects.create(uid="imei-8", vehicle=house.truck)
    answer = alice.post(URL, {"fleet": house.north.pk, "text": text, "add": "1"})
    assert "this device id is taken" in answer.content.decode()
    assert not Vehicle.objects.filter(name="Van 8").exists()


@pytest.mark.parametrize("form", [{}, {"text": "plate\nx"}, {"text": "name\nVan", "fleet": 0}])
def test_a_form_that_is_wrong_says_so(house, alice, form) -> None:
    answer = alice.post(URL, {"fleet": house.north.pk, **form})
    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()


def test_only_into_a_fleet_that_one_manages(house, alice) -> None:
    assert alice.post(URL, {"fleet": house.south.pk, "text": "name\nVan", "add": "1"}).status_code == 422
    assert Vehicle.objects.filter(fleet=house.south).count() == 1


def test_ten_thousand_rows(house, alice) -> None:
    text = "name,driver,device\n" + "".join(f"Bus {n},Driver {n},bus-{n}\n" for n in range(10_000))
    assert "10000 vehicles for North" in upload(alice, house, text).content.decode()
    alice.post(URL, {"fleet": house.north.pk, "text": text, "add": "1"})
    assert Vehicle.objects.filter(fleet=house.north, driver__name__startswith="Driver").count() == 10_000
    assert Device.objects.filter(uid="bus-9999").exists()


def test_a_device_that_waits_is_accepted_into_its_vehicle(house, alice) -> None:
    devices.knock("imei-8", fleet="north")
    alice.post(URL, {"fleet": house.north.pk, "text": "name,device\nVan 8,imei-8\n", "add": "1"})
    assert Device.objects.get(uid="imei-8").vehicle.name == "Van 8"
    assert not PendingDevice.objects.exists()


def test_the_example_can_be_imported(house, alice) -> None:
    content = alice.get(URL + "example.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    assert "2 vehicles for North" in upload(alice, house, content).content.decode()
