"""Two fleets to try everything with, and how to be rid of them without a trace."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

import redis
from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from tracking import drivers, journal, live, presence, removal
from tracking.models import Device, Driver, Fleet, Quarantined, Vehicle
from tracking.simulation.cast import role

COUNT = 40
FLEETS = {"demo-north": "Göteborg North", "demo-south": "Göteborg South"}
PROGRESS_KEY = "demo:progress"
HISTORY_KEY = "demo:history"  # {uid: what of its past has arrived}
DISCONNECTED_WITHIN_S = 6.0
ARCHIVED_WITHIN_S = 15.0


@transaction.atomic
def create(count: int = COUNT) -> int:
    """Make the demo's fleets, vehicles and devices as far as they are missing; return how many are new."""
    fleets = [
        Fleet.objects.get_or_create(slug=slug, defaults={"name": name, "demo": True})[0]
        for slug, name in FLEETS.items()
    ]
    return sum(_vehicle(f"demo-{300 + number}", fleets[number % 2], number) for number in range(count))


@transaction.atomic
def create_load(count: int) -> list[Device]:
    """Make the fleet of `simulate`, or as much of it as is missing; return its first `count` devices."""
    fleet, _ = Fleet.objects.get_or_create(slug="simulated", defaults={"name": "Simulated", "demo": True})
    for number in range(count):
        _vehicle(f"sim-{number}", fleet, number)
    uids = [f"sim-{number}" for number in range(count)]
    return list(Device.objects.filter(uid__in=uids).select_related("vehicle__fleet"))


def _vehicle(uid: str, fleet: Fleet, number: int) -> bool:
    if Device.objects.filter(uid=uid).exists():
        return False
    who = role(number)
    vehicle = Vehicle.objects.create(
        fleet=fleet, name=who.name, plate=who.plate, icon=who.icon, tags=who.tags
    )
    Device.objects.create(uid=uid, vehicle=vehicle)
    driver = Driver.objects.create(fleet=fleet, name=who.driver, phone=who.phone)
    # Since before the recorded past begins, so that it has a driver too.
    drivers.assign(vehicle, driver, at=now() - timedelta(days=1))
    return True


def remove() -> int:
    """Take every demo fleet and all that is theirs away; return how many vehicles that were.

    Takes as long as their connections need to end and the archive needs for what they sent
    last (a second or two, at most DISCONNECTED_WITHIN_S + ARCHIVED_WITHIN_S).
    """
    fleets = list(Fleet.objects.filter(demo=True))
    vehicles = dict(Vehicle.objects.filter(fleet__in=fleets).values_list("pk", "fleet_id"))
    # From here on nothing new of them is taken.
    Device.objects.filter(vehicle__in=vehicles).update(disabled=True)
    with contextlib.suppress(redis.RedisError, OSError):  # a stopped Redis holds nobody back
        live.announce([live.look()])
        _wait_until_disconnected(fleets)
        _wait_until_archived(set(vehicles))
    devices = list(Device.objects.filter(vehicle__in=vehicles).values_list("pk", flat=True))
    for vehicle in vehicles:  # a transaction each: others write meanwhile
        for model in removal.RECORDS:
            removal.remove_records(model, vehicle)
    for device in devices:
        Quarantined.objects.filter(device=device).delete()
    with transaction.atomic():
        Fleet.objects.filter(pk__in=[fleet.pk for fleet in fleets]).delete()
    with contextlib.suppress(redis.RedisError, OSError):
        _remove_live(fleets, vehicles, devices)
    return len(vehicles)


@contextlib.contextmanager
def _redis() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT_S) as client:
        yield client


def _wait_until_disconnected(fleets: list[Fleet]) -> None:
    until = time.monotonic() + DISCONNECTED_WITHIN_S
    while time.monotonic() < until and presence.connected(fleet.pk for fleet in fleets):
        time.sleep(0.1)


def _wait_until_archived(vehicles: set[int]) -> None:
    """Let the archive take what the journal still holds of them; drop it when nobody archives."""
    until = time.monotonic() + ARCHIVED_WITHIN_S
    with journal.connect() as client:
        while blocks := list(_blocks(client, vehicles)):
            if time.monotonic() > until:
                for reader, block in blocks:
                    if all(entry.vehicle in vehicles for entry in journal.decode(block[2])):
                        reader.delete([block])
                return
            time.sleep(0.2)


def _blocks(
    client: redis.Redis, vehicles: set[int]
) -> Iterator[tuple[journal.Reader, tuple[bytes, int, bytes]]]:
    for shard in range(settings.JOURNAL_SHARDS):
        reader = journal.Reader(client, shard, owner="demo")
        for block in reader.read(settings.JOURNAL_LIMIT):
            with contextlib.suppress(ValueError):  # a block of another version: not ours to judge
                if any(entry.vehicle in vehicles for entry in journal.decode(block[2])):
                    yield reader, block


def _remove_live(fleets: list[Fleet], vehicles: dict[int, int], devices: list[int]) -> None:
    with _redis() as client:
        client.delete(PROGRESS_KEY, HISTORY_KEY)
        for fleet in fleets:
            client.zrem("watched", str(fleet.pk))
    presence.forget(fleets=[fleet.pk for fleet in fleets])
    of_fleet = {fleet.pk: [pk for pk, owner in vehicles.items() if owner == fleet.pk] for fleet in fleets}
    removal.forget(of_fleet, devices)
