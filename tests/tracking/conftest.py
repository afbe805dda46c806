"""A fleet with a van in the database, and fixes to store."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

T0 = 1_763_884_800_000


@pytest.fixture
def van(db: None) -> SimpleNamespace:
    from django.utils.timezone import now

    from tracking import drivers
    from tracking.models import Device, Driver, Fleet, Vehicle

    fleet = Fleet.objects.create(slug="north", name="North")
    vehicle = Vehicle.objects.create(fleet=fleet, name="Van 7")
    drivers.assign(vehicle, Driver.objects.create(fleet=fleet, name="Jan"), at=now() - timedelta(days=4000))
    device = Device.objects.create(uid="van-7", vehicle=vehicle)
    phone = Device.objects.create(uid="phone-7", vehicle=vehicle, primary=False)
    return SimpleNamespace(fleet=fleet, vehicle=vehicle, device=device, phone=phone)
