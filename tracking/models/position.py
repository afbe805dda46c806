"""Archived fixes: every one, the newest of each device, and those that were refused.

None of these tables has a foreign key in the database: Django's are deferred and would
fail a whole batch at COMMIT, where the bad row can no longer be found.
Times are integers, milliseconds since the epoch (UTC): half the size of a timestamp in
SQLite, and nothing to convert on the way in or out.
"""

from django.db import models

from tracking.models.vehicle import Device, PendingDevice, Vehicle


class Fields(models.Model):
    """What a fix says. SI units: degrees WGS 84, metres, m/s, degrees from true north, percent."""

    latitude = models.FloatField()
    longitude = models.FloatField()
    speed = models.FloatField(null=True)
    heading = models.FloatField(null=True)
    altitude = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    battery = models.FloatField(null=True)
    ignition = models.BooleanField(null=True)
    odometer = models.FloatField(null=True)
    alarm = models.CharField(max_length=64, null=True)  # noqa: DJ001 (null is "no alarm", on the wire too)
    attributes = models.TextField(null=True)  # noqa: DJ001 (a JSON object, or nothing was sent)
    received = models.BigIntegerField()

    class Meta:
        abstract = True


class Position(Fields):
    """An archived fix. Same vehicle, time and device = the same fix."""

    pk = models.CompositePrimaryKey("vehicle_id", "time", "device_id")
    vehicle = models.ForeignKey(
        Vehicle, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    time = models.BigIntegerField()
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )

    def __str__(self) -> str:
        return f"vehicle {self.vehicle_id} at {self.time}"


class Latest(Fields):
    """The newest position of one device in one vehicle; moves only forward in time."""

    pk = models.CompositePrimaryKey("vehicle_id", "device_id")
    vehicle = models.ForeignKey(
        Vehicle, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    time = models.BigIntegerField()

    def __str__(self) -> str:
        return f"vehicle {self.vehicle_id} at {self.time}"


class Segment(models.Model):
    """Ten minutes of one device in one vehicle: nothing but what its positions say, kept by the archive.

    `start` is a whole multiple of ten minutes; `late` are those that arrived long after they were made.
    """

    # What is written now lies together; a vehicle's are found by the index.
    pk = models.CompositePrimaryKey("start", "vehicle_id", "device_id")
    vehicle = models.ForeignKey(
        Vehicle, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    start = models.BigIntegerField()
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    count = models.IntegerField()
    late = models.IntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    south = models.FloatField()
    north = models.FloatField()
    west = models.FloatField()
    east = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["vehicle", "start"], name="segment_by_vehicle")]

    def __str__(self) -> str:
        return f"{self.count} fixes of vehicle {self.vehicle_id} from {self.start}"


class Repeat(models.Model):
    """How many fixes of these ten minutes came again and were ignored.

    `received` is when the newest of them did: what is archived twice is not counted twice.
    """

    pk = models.CompositePrimaryKey("vehicle_id", "start", "device_id")
    vehicle = models.ForeignKey(
        Vehicle, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    start = models.BigIntegerField()
    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    count = models.IntegerField()
    received = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.count} repeated fixes of vehicle {self.vehicle_id} from {self.start}"


class Quarantined(models.Model):
    """A fix that was refused, or that the database would not take, with its reason."""

    # From the content: archiving a block twice must not keep it twice.
    id = models.CharField(max_length=64, primary_key=True)
    device = models.ForeignKey(Device, models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    # It came from a device that waits to be accepted: replayed when it is.
    pending = models.ForeignKey(
        PendingDevice, models.DO_NOTHING, db_constraint=False, null=True, related_name="+"
    )
    received = models.BigIntegerField()
    code = models.CharField(max_length=32)
    detail = models.CharField(max_length=500)
    raw = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["device", "received"], name="quarantined_by_device")]

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
