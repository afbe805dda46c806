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
        parser.add_argument("username", nargs="?", default="admin")
        parser.add_argument("--base-url", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")

    def handle(self, *args: Any, username: str, base_url: str, **options: Any) -> str:
        try:
            user = User.objects.get(username=username)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no user {username}. Make one with: manage.py grant") from error
        if not user.is_active:
            raise CommandError(f"The user {username} is disabled.")
        return base_url.rstrip("/") + reverse("loginlink", args=[signin.issue(user)])
