"""The table of the tutorial."""

from django.db import models


class Position(models.Model):
    device = models.CharField(max_length=64, db_index=True)
    time = models.BigIntegerField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    speed = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    battery = models.FloatField(null=True)
    ignition = models.BooleanField(null=True)

    def __str__(self) -> str:
        return f"{self.device} at {self.time}"
