"""Fleets, and who may do what in them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


class FleetQuerySet(models.QuerySet["Fleet"]):
    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> "FleetQuerySet":
        """The fleets of the user's memberships that are not suspended; every fleet for a superuser."""
        if getattr(user, "is_superuser", False):
            return self
        return self.filter(memberships__user_id=user.pk or 0, suspended=False)


class Fleet(models.Model):
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    demo = models.BooleanField(default=False)
    # Its devices and members are kept out, and cut off within 5 s, until it is taken back.
    suspended = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=64, default="UTC")
    # Older positions, messages and alerts are removed; null: keep everything.
    retention_days = models.PositiveIntegerField(null=True, blank=True)
    # Silent for longer than this, a vehicle is shown as offline: last seen moving or idle, last seen stopped.
    offline_moving_s = models.PositiveIntegerField(default=600)
    offline_stopped_s = models.PositiveIntegerField(default=26 * 3600)
    # Ready-made texts: to write to a driver, and for the driver to answer with.
    canned = models.JSONField(default=list, blank=True)
    canned_answers = models.JSONField(default=list, blank=True)

    objects = FleetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Each role may do what the ones before it may."""

    VIEWER = "viewer"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"


class Membership(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    fleet = models.ForeignKey(Fleet, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "fleet"], name="one_role_a_fleet")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.fleet}"
