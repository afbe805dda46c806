import threading
import time
from io import StringIO

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from tracking import journal
from tracking.fixes import Fix
from tracking.models import Alert, Device, Fleet, Latest, Message, Position, Quarantined, Vehicle
from tracking.simulation import demo, drive
from tracking.simulation.drivers import Temper

pytestmark = pytest.mark.django_db(transaction=True)
FIX = {"latitude": 57.7, "longitude": 12.0, "received": 1}


@pytest.fixture
def client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def record(vehicle: Vehicle, device: Device) -> None:
    """A row of everything that a vehicle can have."""
    Position.objects.create(vehicle=vehicle, device=device, time=1, **FIX)
    Latest.objects.create(vehicle=vehicle, device=device, time=1, **FIX)
    Alert.objects.create(vehicle=vehicle, kind="sos", time=1, last_time=1, **FIX)
    Message.objects.create(id=f"m{vehicle.pk}", vehicle=vehicle, number=1, text="?", created=now())
    Quarantined.objects.create(
        id=f"q{vehicle.pk}", vehicle=vehicle, device=device, received=1, code="c", detail="d", raw="r"
    )


def rows() -> dict[str, int]:
    models = (Fleet, Vehicle, Device, Position, Latest, Alert, Message, Quarantined)
    return {model.__name__: model.objects.count() for model in models}


def test_it_makes_two_fleets_of_vehicles_with_people_in_them() -> None:
    assert demo.create(40) == 40
    assert list(Fleet.objects.filter(demo=True).values_list("slug", flat=True)) == [
        "demo-north",
        "demo-south",
    ]
    assert [fleet.vehicles.count() for fleet in Fleet.objects.all()] == [20, 20]
    for field in ("name", "plate", "driver"):
        assert len(set(Vehicle.objects.values_list(field, flat=True))) == 40, field
    assert Vehicle.objects.filter(driver__phone="").count() == 0
    assert Device.objects.filter(primary=True, disabled=False).count() == 40


def test_making_it_again_only_adds_what_is_missing() -> None:
    demo.create(3)
    before = set(Vehicle.objects.values_list("pk", flat=True))
    assert demo.create(5) == 2
    assert before < set(Vehicle.objects.values_list("pk", flat=True))


def test_the_demo_has_one_of_each_kind() -> None:
    demo.create(40)
    cars = drive.cars()
    assert len(cars) == 40
    assert 1 <= sum(car.offline_s > 0 for car in cars) <= 2
    assert sum(car.itinerary.stays for car in cars) >= 2
    assert sum(car.temper is Temper.SILENT for car in cars) == 1
    assert sum(car.temper is Temper.PROMPT for car in cars) > 25
    assert len({car.itinerary.fix(1_795_000_000_000)["latitude"] for car in cars[:6]}) == 6


def test_removing_it_leaves_nothing_of_it_and_everything_of_others(client: redis.Redis) -> None:
    other = Vehicle.objects.create(fleet=Fleet.objects.create(slug="north", name="North"), name="Van 7")
    record(other, Device.objects.create(uid="van-7", vehicle=other))
    before = rows()
    demo.create(4)
    for device in Device.objects.filter(uid__startswith="demo-"):
        record(device.vehicle, device)
        client.hset(f"live:{{{device.vehicle.fleet_id}}}", str(device.vehicle_id), "[]")
        client.set(f"conn:{device.pk}", 3)
    client.hset(demo.HISTORY_KEY, "demo-300", "done")
    client.set(demo.PROGRESS_KEY, "{}")
    assert demo.remove() == 4
    assert rows() == before
    assert client.keys("*") == []


def test_removing_nothing_is_quick_and_fine() -> None:
    assert demo.remove() == 0


def block(vehicles: list[int]) -> bytes:
    fix = Fix(1, 57.7, 12.0, *[None] * 9)
    return journal.encode(journal.Fixes(vehicle, 1, 1, [fix]) for vehicle in vehicles)


def test_what_is_in_the_journal_is_dropped_when_nobody_archives(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "ARCHIVED_WITHIN_S", 0.3)
    demo.create(2)
    mine = list(Vehicle.objects.values_list("pk", flat=True))
    stream = journal.stream(0)
    client.xadd(stream, {"b": block(mine), "n": 2})
    mixed = client.xadd(stream, {"b": block([mine[0], 10_000]), "n": 2})
    client.set(f"{stream}:length", 4)
    demo.remove()
    assert [id_ for id_, _, _ in journal.Reader(client, 0, owner="test").read(10)] == [mixed]
    assert client.get(f"{stream}:length") == b"2"


def test_removing_waits_until_the_vehicles_are_disconnected(client: redis.Redis) -> None:
    demo.create(2)
    device = Device.objects.select_related("vehicle").first()
    assert device is not None
    client.zadd(
        f"presence:{device.vehicle.fleet_id}", {f"{device.vehicle_id}:{device.pk}": time.time() * 1000}
    )
    left = threading.Timer(0.5, client.delete, [f"presence:{device.vehicle.fleet_id}"])
    left.start()
    begin = time.monotonic()
    demo.remove()
    assert 0.4 < time.monotonic() - begin < demo.DISCONNECTED_WITHIN_S
    left.join()


def test_the_commands_say_what_they_did() -> None:
    out = StringIO()
    call_command("demo", "create", "--count", "3", stdout=out)
    call_command("demo", "remove", stdout=out)
    assert out.getvalue().split("\n")[:2] == ["3 demo vehicles made", "3 demo vehicles removed"]
    with pytest.raises(CommandError, match="demo create"):
        call_command("demo", "drive", stdout=out)
