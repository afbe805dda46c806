"""Who may see and do what: the one place that decides. tests/dashboard/test_matrix.py asks every address."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse

from dashboard import access
from tests.dashboard.conftest import HTMX
from tracking.models import Membership, Role


def test_roles_include_the_ones_below(house) -> None:
    assert access.may(house.alice, house.north, Role.VIEWER)
    assert access.may(house.bob, house.north, Role.DISPATCHER)
    assert not access.may(house.bob, house.north, Role.MANAGER)
    assert not access.may(house.vera, house.north, Role.DISPATCHER)
    assert access.may(house.root, house.south, Role.MANAGER)
    assert access.role(house.mallory, house.north) is None
    assert access.role(AnonymousUser(), house.north) is None


def test_a_disabled_user_has_no_role(house) -> None:
    house.alice.is_active = False
    assert access.role(house.alice, house.north) is None


def test_a_vehicle_below_the_role_is_refused_and_beyond_the_fleet_unknown(house) -> None:
    assert access.vehicle_or_404(house.vera, house.van.pk) == house.van
    with pytest.raises(PermissionDenied):
        access.vehicle_or_404(house.vera, house.van.pk, Role.DISPATCHER)
    with pytest.raises(Http404):
        access.vehicle_or_404(house.mallory, house.van.pk)


def test_a_lost_membership_counts_at_once(house, sign_in) -> None:
    bob = sign_in("bob")
    url = reverse("vehicle", args=[house.van.pk])
    assert bob.get(url, headers=HTMX).status_code == 200
    Membership.objects.filter(user=house.bob).delete()
    assert bob.get(url, headers=HTMX).status_code == 404


def test_pages_are_not_kept_by_caches(house, sign_in) -> None:
    answer = sign_in("vera").get(reverse("vehicle", args=[house.van.pk]), headers=HTMX)
    assert "no-store" in answer["Cache-Control"]
    assert "HX-Request" in answer["Vary"]
