"""A vehicle, and the devices in it that report its position."""

from typing import TYPE_CHECKING

from django.db import models

from tracking.models.fleet import Fleet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class VehicleQuerySet(models.QuerySet["Vehicle"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "VehicleQuerySet":
        return self.filter(fleet__in=Fleet.objects.visible_to(user))


class Vehicle(models.Model):
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="vehicles")
    name = models.CharField(max_length=100)
    plate = models.CharField(max_length=20, blank=True)
    driver = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    # The number of its newest message; raised under a lock of this row, so that messages
    # of one vehicle have an order.
    last_message = models.PositiveIntegerField(default=0)

    objects = VehicleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Device(models.Model):
    """One thing that reports positions: a tracker, a phone, a gateway's unit."""

    uid = models.CharField(max_length=64, unique=True)
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="devices")
    # The primary device moves the vehicle's marker; the others only while it is silent.
    primary = models.BooleanField(default=True)
    disabled = models.BooleanField(default=False)
    # Tokens of an older generation are refused.
    generation = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-primary", "uid"]

    def __str__(self) -> str:
        return self.uid
