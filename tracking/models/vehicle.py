"""A vehicle, the devices in it that report its position, and the keys of those that cannot send a token."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracking.models.driver import Driver
from tracking.models.fleet import Fleet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class VehicleQuerySet(models.QuerySet["Vehicle"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "VehicleQuerySet":
        return self.filter(fleet__in=Fleet.objects.visible_to(user))


class Icon(models.TextChoices):
    ARROW = "arrow", _("Arrow")
    CAR = "car", _("Car")
    VAN = "van", _("Van")
    TRUCK = "truck", _("Truck")
    BUS = "bus", _("Bus")
    BIKE = "bike", _("Bike")
    PERSON = "person", _("Person")
    BOAT = "boat", _("Boat")


class Colour(models.TextChoices):
    """Names of the palette: the pages know what each looks like in both themes."""

    NONE = "", _("by state")
    BLUE = "blue", _("Blue")
    TEAL = "teal", _("Teal")
    VIOLET = "violet", _("Violet")
    PINK = "pink", _("Pink")
    BROWN = "brown", _("Brown")
    GREY = "grey", _("Grey")


class Vehicle(models.Model):
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="vehicles")
    name = models.CharField(max_length=100)
    plate = models.CharField(max_length=20, blank=True)
    tags = models.JSONField(default=list, blank=True)
    icon = models.CharField(max_length=16, choices=Icon, default=Icon.ARROW)
    colour = models.CharField(max_length=16, choices=Colour, default=Colour.NONE, blank=True)
    # Who drives it now: the driver of its assignment without an end (kept together by tracking/drivers.py).
    driver = models.ForeignKey(Driver, models.SET_NULL, null=True, blank=True, related_name="vehicles")
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
    # Tokens of an older generation are refused, those of the one before this not until `grace_until`.
    generation = models.PositiveIntegerField(default=0)
    grace_until = models.DateTimeField(null=True, blank=True)
    # Of the newest token that was issued here.
    token_expires = models.DateTimeField(null=True, blank=True)
    # When its driver stopped sharing on the driver page; nothing: shares, or never did there.
    stopped = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-primary", "uid"]

    def __str__(self) -> str:
        return self.uid


class Fitting(models.Model):
    """From `start` on a device was in this vehicle, until its next fitting. Only moved ones have any."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="fittings")
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="fittings")
    start = models.BigIntegerField(help_text="milliseconds since the epoch, UTC")

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["device", "start"], name="one_fitting_a_moment")]

    def __str__(self) -> str:
        return f"{self.device} in {self.vehicle}"


class IngestKey(models.Model):
    """The secret in an address /i/<key>: of one device, or of a gateway that speaks for a fleet's devices."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, hexadecimal")
    hint = models.CharField(max_length=4, help_text="its last characters, to tell keys apart")
    device = models.ForeignKey(Device, models.CASCADE, null=True, blank=True, related_name="keys")
    fleet = models.ForeignKey(Fleet, models.CASCADE, null=True, blank=True, related_name="keys")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(device=None, fleet__isnull=False) | Q(device__isnull=False, fleet=None),
                name="key_of_a_device_or_a_fleet",
            )
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"


class PendingDevice(models.Model):
    """A device with a valid token that nobody has put into a vehicle yet (AUTO_REGISTER=pending)."""

    uid = models.CharField(max_length=64, unique=True)
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="pending_devices")
    nickname = models.CharField(max_length=100, blank=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    contacts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-last_seen"]

    def __str__(self) -> str:
        return self.uid
