"""manage.py grant USERNAME FLEET ROLE: what somebody may do in a fleet."""

import os
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from tracking.models import Fleet, Membership, Role


class Command(BaseCommand):
    help = "Give a role in a fleet. A missing user is created, with the password in USER_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("fleet", help="its slug")
        parser.add_argument("role", choices=Role.values)

    @transaction.atomic
    def handle(self, *args: Any, username: str, fleet: str, role: str, **options: Any) -> str:
        try:
            found = Fleet.objects.get(slug=fleet)
        except Fleet.DoesNotExist as error:
            known = ", ".join(Fleet.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no fleet {fleet}. Fleets: {known}.") from error
        user = User.objects.filter(username=username).first() or self._create(username)
        Membership.objects.update_or_create(user=user, fleet=found, defaults={"role": role})
        return f"{username} is {role} of {fleet}."

    def _create(self, username: str) -> User:
        password = os.environ.get("USER_PASSWORD", "")
        if not password:
            raise CommandError(
                f"There is no user {username}. Set USER_PASSWORD to create one with that password."
            )
        return User.objects.create_user(username, password=password)
