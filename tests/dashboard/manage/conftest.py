"""Alice manages north, Mallory south; Rita manages both."""

import pytest


@pytest.fixture
def rita(house):
    from django.contrib.auth.models import User
    from django.test import Client

    from tracking.models import Membership

    user = User.objects.create_user("rita")
    for fleet in (house.north, house.south):
        Membership.objects.create(user=user, fleet=fleet, role="manager")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(sign_in):
    return sign_in("alice")
