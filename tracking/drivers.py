"""Who drives which vehicle, and who drove it then."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tracking import live
from tracking.models import Assignment, Driver, Vehicle


def current(vehicles: Iterable[int]) -> dict[int, Driver]:
    """The drivers of vehicles now: {vehicle id: driver}."""
    rows = Vehicle.objects.filter(pk__in=list(vehicles)).exclude(driver=None).select_related("driver")
    return {vehicle.pk: vehicle.driver for vehicle in rows if vehicle.driver}


def at(vehicle: int, moment: datetime) -> Driver | None:
    """Who drove the vehicle at a moment; None when nobody was assigned."""
    ran = Q(end=None) | Q(end__gt=moment)
    found = (
        Assignment.objects.filter(ran, vehicle=vehicle, start__lte=moment).select_related("driver").first()
    )
    return found.driver if found else None


@transaction.atomic
def assign(vehicle: Vehicle, driver: Driver | None, *, at: datetime) -> None:
    """From `at` on the driver drives this vehicle and no other; None: nobody drives it.

    Assignments of this vehicle or this driver that start later are replaced; an assignment that
    would have no duration disappears. Raises ValueError for a driver of another fleet.
    """
    if driver is not None and driver.fleet_id != vehicle.fleet_id:
        raise ValueError(f"{driver} is not of the fleet of {vehicle}.")
    Vehicle.objects.select_for_update().filter(pk=vehicle.pk).first()
    mine = Q(vehicle=vehicle) if driver is None else Q(vehicle=vehicle) | Q(driver=driver)
    Assignment.objects.filter(mine, start__gte=at).delete()
    Assignment.objects.filter(mine & (Q(end=None) | Q(end__gt=at)), start__lt=at).update(end=at)
    if driver is not None:
        Vehicle.objects.filter(driver=driver).exclude(pk=vehicle.pk).update(driver=None)
        Assignment.objects.create(driver=driver, vehicle=vehicle, start=at)
    Vehicle.objects.filter(pk=vehicle.pk).update(driver=driver)
    vehicle.driver = driver
    fleet = vehicle.fleet_id
    transaction.on_commit(lambda: live.announce([live.refresh(fleet)]))
