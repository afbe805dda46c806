"""What was said between dispatchers and one vehicle, to many at once, and what the next shift should know."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from tracking.models.vehicle import Device, Vehicle

# Delivered and not read for so long, a message wants a look.
LATE = timedelta(minutes=5)


class Broadcast(models.Model):
    """One text to many vehicles: a message each."""

    id = models.CharField(max_length=26, primary_key=True)  # a ULID
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150, blank=True)
    text = models.CharField(max_length=2000)
    replies = models.JSONField(default=list)
    # To whom: {"kind": "fleet", "name": "North"}, {"kind": "vehicles"}, {"kind": "area"}, {"kind": "nearest"}
    target = models.JSONField(default=dict)
    client_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (unique when given)
    created = models.DateTimeField()

    class Meta:
        ordering = ["-created"]
        constraints = [models.UniqueConstraint(fields=["author", "client_id"], name="broadcast_once")]

    def __str__(self) -> str:
        return f"broadcast {self.id}"


class Message(models.Model):
    class Kind(models.TextChoices):
        MESSAGE = "message"  # dispatcher to vehicle
        REPLY = "reply"  # vehicle to dispatcher
        SAY = "say"  # vehicle to everybody who watches its fleet
        COMMAND = "command"  # dispatcher to the device itself

    class Status(models.IntegerChoices):
        """A rank: it only ever rises (`UPDATE … WHERE status < new`).

        A message ends with READ; a command with DONE or UNABLE, which the device says after it got it.
        """

        QUEUED = 0, "queued"
        SENT = 1, "sent"
        FAILED = 2, "failed"
        EXPIRED = 3, "expired"
        CANCELLED = 4, "cancelled"
        DELIVERED = 5, "delivered"
        READ = 6, "read"
        UNABLE = 7, "failed"
        DONE = 8, "done"

    # A ULID for what we send; "<device>:<its uuid>" for what a device sends.
    id = models.CharField(max_length=160, primary_key=True)
    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, db_constraint=False, related_name="messages")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MESSAGE)
    text = models.CharField(max_length=2000)  # of a command: its name
    args = models.JSONField(default=dict)  # of a command
    replies = models.JSONField(default=list)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150, blank=True)
    broadcast = models.ForeignKey(
        Broadcast, models.DO_NOTHING, db_constraint=False, null=True, related_name="messages"
    )
    # The id of the one that it says again: a message is said again once, its repetition may be.
    resends = models.CharField(max_length=160, null=True, unique=True)  # noqa: DJ001 (unique when given)
    device = models.ForeignKey(Device, models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    in_reply_to = models.CharField(max_length=160, null=True)  # noqa: DJ001 (null on the wire)
    # The writer's own id of it: the same one twice is one message.
    client_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 (unique when given)
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.QUEUED)
    detail = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    sent = models.DateTimeField(null=True)
    delivered = models.DateTimeField(null=True)
    read = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)  # failed, expired, cancelled or done
    # Of a reply or a say: when a dispatcher first looked at it, and who.
    opened = models.DateTimeField(null=True)
    opened_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["vehicle", "number"], name="message_number"),
            models.UniqueConstraint(fields=["author", "client_id"], name="message_once"),
        ]
        indexes = [
            models.Index(
                fields=["vehicle", "number"],
                condition=models.Q(status__lt=2),
                name="message_open",
            ),
            models.Index(
                fields=["vehicle"],
                condition=models.Q(device__isnull=False, opened=None),
                name="message_unread",
            ),
            models.Index(fields=["created"], name="message_created"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def late(self) -> bool:
        """Whether it was delivered LATE ago and is still not read."""
        waits = self.kind == self.Kind.MESSAGE and self.status == self.Status.DELIVERED
        return waits and self.delivered is not None and now() - self.delivered >= LATE


class Note(models.Model):
    """What the next shift should know of a vehicle."""

    vehicle = models.OneToOneField(Vehicle, models.CASCADE, primary_key=True, related_name="note")
    text = models.CharField(max_length=2000, blank=True)
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"note of {self.vehicle}"
