"""Who drove which vehicle, and when."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tracking import drivers
from tracking.models import Assignment, Driver, Fleet, Vehicle

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard() -> SimpleNamespace:
    fleet = Fleet.objects.create(slug="yard", name="Yard")
    return SimpleNamespace(
        fleet=fleet,
        red=Vehicle.objects.create(fleet=fleet, name="Red"),
        blue=Vehicle.objects.create(fleet=fleet, name="Blue"),
        mia=Driver.objects.create(fleet=fleet, name="Mia"),
        jan=Driver.objects.create(fleet=fleet, name="Jan"),
    )


def who(vehicle: Vehicle, moment: datetime) -> str | None:
    driver = drivers.at(vehicle.pk, moment)
    return driver.name if driver else None


def test_a_shift_change_keeps_who_drove_before(yard) -> None:
    drivers.assign(yard.red, yard.mia, at=NOON)
    drivers.assign(yard.red, yard.jan, at=NOON + HOUR)
    assert who(yard.red, NOON - HOUR) is None
    assert who(yard.red, NOON) == "Mia"
    assert who(yard.red, NOON + HOUR) == "Jan"
    assert drivers.current([yard.red.pk, yard.blue.pk]) == {yard.red.pk: yard.jan}


def test_a_driver_drives_one_vehicle_at_a_time(yard) -> None:
    drivers.assign(yard.red, yard.mia, at=NOON)
    drivers.assign(yard.blue, yard.mia, at=NOON + HOUR)
    assert who(yard.red, NOON + HOUR) is None
    assert who(yard.blue, NOON + HOUR) == "Mia"
    assert drivers.current([yard.red.pk]) == {}


def test_nobody_can_be_assigned(yard) -> None:
    drivers.assign(yard.red, yard.mia, at=NOON)
    drivers.assign(yard.red, None, at=NOON + HOUR)
    assert who(yard.red, NOON + 2 * HOUR) is None
    assert drivers.current([yard.red.pk]) == {}


def test_the_same_moment_again_replaces(yard) -> None:
    drivers.assign(yard.red, yard.mia, at=NOON)
    drivers.assign(yard.red, yard.jan, at=NOON)
    assert Assignment.objects.filter(vehicle=yard.red).count() == 1
    assert who(yard.red, NOON) == "Jan"


def test_a_correction_of_the_past_replaces_what_came_later(yard) -> None:
    drivers.assign(yard.red, yard.mia, at=NOON + HOUR)
    drivers.assign(yard.red, yard.jan, at=NOON)
    assert who(yard.red, NOON + 2 * HOUR) == "Jan"


def test_a_driver_of_another_fleet_is_refused(yard) -> None:
    other = Fleet.objects.create(slug="other", name="Other")
    stranger = Driver.objects.create(fleet=other, name="Eve")
    with pytest.raises(ValueError, match="not of the fleet"):
        drivers.assign(yard.red, stranger, at=NOON)
