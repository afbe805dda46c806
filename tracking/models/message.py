"""What was said between dispatchers and one vehicle."""

from django.conf import settings
from django.db import models

from tracking.models.vehicle import Device, Vehicle


class Message(models.Model):
    class Kind(models.TextChoices):
        MESSAGE = "message"  # dispatcher to vehicle
        REPLY = "reply"  # vehicle to dispatcher
        SAY = "say"  # vehicle to everybody who watches its fleet

    class Status(models.IntegerChoices):
        """A rank: it only ever rises (`UPDATE … WHERE status < new`)."""

        QUEUED = 0, "queued"
        SENT = 1, "sent"
        FAILED = 2, "failed"
        EXPIRED = 3, "expired"
        CANCELLED = 4, "cancelled"
        DELIVERED = 5, "delivered"
        READ = 6, "read"

    # A ULID for what we send; "<device>:<its uuid>" for what a device sends.
    id = models.CharField(max_length=160, primary_key=True)
    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, db_constraint=False, related_name="messages")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MESSAGE)
    text = models.CharField(max_length=2000)
    replies = models.JSONField(default=list)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=150, blank=True)
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

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["vehicle", "number"], name="message_number"),
            models.UniqueConstraint(fields=["author", "client_id"], name="message_once"),
        ]
        indexes = [
            models.Index(
                fields=["vehicle", "number"],
                condition=models.Q(kind="message", status__lt=2),
                name="message_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
