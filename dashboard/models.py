"""What signing in has to remember. In the database, so that it holds over processes and without Redis."""

from django.db import models


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
