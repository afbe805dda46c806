"""manage.py loginlink [USERNAME]: an address that signs in once, within 15 minutes."""

import os
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from dashboard import signin


class Command(BaseCommand):
    help = f"Print an address that signs in once, within {signin.LINK_MINUTES} minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", help="default: the first superuser")
        parser.add_argument("--base-url", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")

    def handle(self, *args: Any, username: str | None, base_url: str, **options: Any) -> str:
        if username is None:
            user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        else:
            user = User.objects.filter(username=username).first()
        if user is None:
            who = f"user {username}" if username else "superuser"
            raise CommandError(
                f"There is no {who}. `manage.py grant` makes a user, `manage.py up` a superuser."
            )
        if not user.is_active:
            raise CommandError(f"The user {username} is disabled.")
        return base_url.rstrip("/") + reverse("loginlink", args=[signin.issue(user)])
