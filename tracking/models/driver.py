"""Who drives: people, and which vehicle each drove from when to when."""

from django.db import models
from django.db.models import F, Q

from tracking.models.fleet import Fleet


class Driver(models.Model):
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="drivers")
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=40, blank=True)
    # What the driver page speaks; empty: the language of the phone.
    language = models.CharField(max_length=16, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A driver drove a vehicle from `start` until `end`; no end: still does."""

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="assignments")
    vehicle = models.ForeignKey("Vehicle", models.CASCADE, related_name="assignments")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle"], condition=Q(end=None), name="one_driver_a_vehicle_now"
            ),
            models.CheckConstraint(
                condition=Q(end=None) | Q(end__gt=F("start")), name="assignment_ends_after_its_start"
            ),
        ]
        indexes = [models.Index(fields=["vehicle", "start"], name="assignment_by_vehicle")]

    def __str__(self) -> str:
        return f"{self.driver} drives {self.vehicle}"
