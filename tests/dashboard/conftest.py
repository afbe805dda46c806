"""The cast: Alice manages the north fleet, Bob dispatches in it, Vera looks at it, Mallory is of south."""

import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django is set up
    from django.test import Client

    from tracking.models import Alert

HTMX = {"HX-Request": "true"}
T0 = 1_763_884_800_000  # 2025-11-23T08:00:00Z


@pytest.fixture(autouse=True)
def _quick_pages(settings, tmp_path) -> None:
    """Pages without the hashed names that collectstatic makes; passwords without their slow hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns when it is missing
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _free_downloads(monkeypatch) -> None:
    """What another test left unread would hold its place until the collector comes."""
    from dashboard.views import tracks

    monkeypatch.setattr(tracks, "_slots", threading.BoundedSemaphore(tracks.MAX_EXPORTS))


@pytest.fixture
def house(db) -> SimpleNamespace:
    """Two fleets, a vehicle in each, four people and an administrator."""
    from django.contrib.auth.models import User
    from django.utils.timezone import now

    from tracking import drivers
    from tracking.models import Device, Driver, Fleet, Membership, Vehicle

    north = Fleet.objects.create(slug="north", name="North")
    south = Fleet.objects.create(slug="south", name="South")
    van = Vehicle.objects.create(fleet=north, name="Van 7")
    drivers.assign(
        van,
        Driver.objects.create(fleet=north, name="Jan de Vries", phone="+31 6 1234"),
        at=now() - timedelta(days=4000),
    )
    truck = Vehicle.objects.create(fleet=south, name="Truck 1")
    Device.objects.create(uid="van-7", vehicle=van)
    Device.objects.create(uid="truck-1", vehicle=truck)
    people = {
        name: User.objects.create_user(name, password=f"{name}-password")
        for name in ("alice", "bob", "vera", "mallory")
    }
    for name, fleet, role in (
        ("alice", north, "manager"),
        ("bob", north, "dispatcher"),
        ("vera", north, "viewer"),
        ("mallory", south, "manager"),
    ):
        Membership.objects.create(user=people[name], fleet=fleet, role=role)
    people["root"] = User.objects.create_superuser("root", password="root-password")
    return SimpleNamespace(north=north, south=south, van=van, truck=truck, **people)


@pytest.fixture
def sos(house) -> "Alert":
    """An open alarm of the van, that arrived ten minutes late."""
    from tracking.models import Alert

    return Alert.objects.create(
        vehicle=house.van,
        kind="sos",
        time=T0,
        last_time=T0,
        received=T0 + 600_000,
        latitude=52.5,
        longitude=13.4,
    )


@pytest.fixture
def sign_in(house) -> "Callable[[str], Client]":
    """A browser of that person; it sends CSRF tokens only where a test gives them."""
    from django.test import Client

    def enter(name: str, *, enforce_csrf_checks: bool = False) -> "Client":
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.force_login(getattr(house, name))
        return client

    return enter
