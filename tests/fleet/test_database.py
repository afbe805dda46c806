"""The session runs on the database it was asked to run on."""

import os

import pytest
from django.contrib.auth import get_user_model
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_the_chosen_one() -> None:
    wanted = {"sqlite": "sqlite", "postgres": "postgresql"}[os.environ.get("TEST_DATABASE", "sqlite")]
    assert connection.vendor == wanted
    assert get_user_model().objects.count() == 0
