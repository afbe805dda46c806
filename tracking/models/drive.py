"""One-time codes that make a phone's browser the device of a vehicle."""

from django.db import models

from tracking.models.vehicle import Device


class DriveCode(models.Model):
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the code, hexadecimal")
    device = models.ForeignKey(Device, models.CASCADE, related_name="drive_codes")
    created = models.DateTimeField()
    expires = models.DateTimeField(db_index=True)
    used = models.DateTimeField(null=True)
    # Of the phone that used it: when the answer was lost, the same phone may ask again.
    claim = models.CharField(max_length=64, blank=True, help_text="SHA-256, hexadecimal")

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"code for {self.device}"
