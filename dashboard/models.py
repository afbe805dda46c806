"""People: how they sign in, what they prefer, whom they invite.

In the database, so that it holds over processes and without Redis. Secrets are kept as SHA-256 digests.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from tracking.models import Fleet, Job, Role

if TYPE_CHECKING:
    from dashboard.sessions import SessionStore


class Session(AbstractBaseSession):
    """A signed-in browser. Knows its user, so that one person's sessions can be ended everywhere."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    # Saved anew with every change, so it is not when it began.
    seen = models.DateTimeField(auto_now=True)
    browser = models.CharField(max_length=200, blank=True, help_text="its User-Agent, cut")

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        from dashboard.sessions import SessionStore

        return SessionStore


class Profile(models.Model):
    """What one person prefers."""

    class Units(models.TextChoices):
        METRIC = "metric"  # km, km/h
        IMPERIAL = "imperial"  # miles, mph

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    # Empty: what the browser says.
    time_zone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=16, blank=True)
    units = models.CharField(max_length=16, choices=Units, default=Units.METRIC)
    single_keys = models.BooleanField(default=True)
    # Vehicles that a filter leaves out are dimmed on the map, not hidden.
    dim_filtered = models.BooleanField(default=False)
    sound = models.BooleanField(default=True)
    silent_alarms = models.JSONField(default=list, blank=True)  # kinds that make none

    def __str__(self) -> str:
        return f"profile of {self.user}"


class Invitation(models.Model):
    """A link that lets one new person in, with a role."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="whom it is for, in the inviter's words")
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"invitation to {self.fleet}"


class ApiToken(models.Model):
    """A program that reads what its user may see."""

    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class UsedLink(models.Model):
    """A sign-in link that was used; its row is what makes it work only once."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of the token")
    expires = models.DateTimeField(db_index=True, help_text="the token is refused by its age from then on")

    def __str__(self) -> str:
        return self.digest[:8]


class FailedLogin(models.Model):
    """An attempt to sign in that has not succeeded."""

    key = models.CharField(max_length=64, help_text="SHA-256 of address and user name")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="failed_login_by_key")]

    def __str__(self) -> str:
        return f"{self.key[:8]} at {self.at}"


class OnlineMap(models.Model):
    """A map on other people's servers that a manager has turned on; no row, and no browser asks them."""

    name = models.CharField(max_length=40, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Export(Job):
    """A file of one or more vehicles' tracks, made in the background for one person."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports")
    status = models.CharField(max_length=16, choices=Status, default=Status.QUEUED)
    formats = models.JSONField(help_text="names of tracking.history.exports.files.FORMATS")
    vehicles = models.JSONField(help_text="their ids")
    start = models.BigIntegerField(help_text="milliseconds since the epoch, included")
    end = models.BigIntegerField(help_text="not included")
    time_zone = models.CharField(max_length=64, help_text="of the person who asked for it")
    file = models.CharField(max_length=200, blank=True, help_text="its name in the folder of exports")
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(default=dict)
    expires = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created"], name="export_by_user"),
            models.Index(fields=["status"], name="export_by_status"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(status="running"), name="one_running_export"
            )
        ]

    def __str__(self) -> str:
        return f"export {self.pk}, {self.status}"
