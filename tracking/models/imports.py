"""A file of somebody else's that became part of a vehicle's history."""

from django.conf import settings
from django.db import models

from tracking.models.job import Job
from tracking.models.vehicle import Vehicle

# Imported fixes carry a device number that no device has: nothing can connect as it, it is never the
# primary one, and the fixes of one import are known by it.
FIRST_DEVICE = 2**40


class Import(Job):
    class Status(models.TextChoices):
        READING = "reading"
        PREVIEW = "preview"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        UNDOING = "undoing"
        UNDONE = "undone"

    # Without a constraint, as everything archived is (tracking/removal.py).
    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, db_constraint=False, related_name="imports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    user_name = models.CharField(max_length=150)
    status = models.CharField(max_length=16, choices=Status, default=Status.READING)
    name = models.CharField(max_length=200, help_text="of the file, as it was uploaded")
    size = models.BigIntegerField()
    # Of times without a zone; empty: the file says it itself.
    time_zone = models.CharField(max_length=64, blank=True)
    # Of speeds in a CSV file that does not say; empty: as `preview` says.
    speed_unit = models.CharField(max_length=8, blank=True)
    # What was understood of the file (tracking/history/imports/preview.py).
    preview = models.JSONField(default=dict)
    start = models.BigIntegerField(null=True, help_text="of its first fix, milliseconds since the epoch")
    end = models.BigIntegerField(null=True, help_text="of its last fix")
    duplicates = models.BigIntegerField(default=0)
    bad = models.BigIntegerField(default=0)
    undone_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["status"], name="import_by_status")]

    def __str__(self) -> str:
        return f"{self.name} into {self.vehicle}"

    @property
    def device(self) -> int:
        """The device number of its fixes."""
        return FIRST_DEVICE + self.pk

    @property
    def stored(self) -> int:
        return self.rows_done - self.duplicates - self.bad
