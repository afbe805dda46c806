"""An alarm that a person must see."""

from django.conf import settings
from django.db import models

from tracking.models.vehicle import Vehicle


class Alert(models.Model):
    """One open alert per vehicle and kind: further alarms raise its count and last time."""

    class Status(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        CLOSED = "closed"

    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, db_constraint=False, related_name="alerts")
    kind = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    time = models.BigIntegerField(help_text="of its first fix, milliseconds since the epoch")
    last_time = models.BigIntegerField(help_text="of its newest fix")
    received = models.BigIntegerField(help_text="when the first one arrived")
    latitude = models.FloatField()
    longitude = models.FloatField()
    count = models.PositiveIntegerField(default=1)
    # Who took it on, when, and what they wrote; then who closed it.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    closed_by_name = models.CharField(max_length=150, blank=True)
    closed_at = models.DateTimeField(null=True)
    closing_note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["time"]
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle", "kind"], condition=models.Q(status="open"), name="one_open_alert"
            )
        ]
        indexes = [
            models.Index(fields=["status", "vehicle"], name="alert_by_status"),
            models.Index(fields=["time"], name="alert_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of vehicle {self.vehicle_id}, {self.status}"
