"""Who may see and do what, on every page."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import get_resolver, reverse

from dashboard import access
from tests.dashboard.conftest import HTMX
from tracking.models import Membership, Role

OPEN_TO_ALL = {"login", "loginlink", "session", "logout"}
OF_A_FLEET = {"vehicle", "export", "thread", "acknowledge", "track", "fleet_positions"}
OF_EVERYBODY = {"live", "alerts", "alert_bar", "demo_strip", "demo_remove"}
UNSAFE = {"thread", "acknowledge", "demo_remove", "logout", "login"}
TRACK = "?from=2025-11-23T00:00:00Z&to=2025-11-24T00:00:00Z"


def address(name: str, house, sos) -> str:
    match name:
        case "vehicle" | "thread":
            return reverse(name, args=[house.van.pk])
        case "export":
            return reverse(name, args=[house.van.pk]) + "?last=1&format=csv"
        case "acknowledge":
            return reverse(name, args=[sos.pk])
        case "track":
            return reverse(name, args=[house.van.pk, "csv"]) + TRACK
        case "fleet_positions":
            return reverse(name, args=["north"])
        case "loginlink":
            return reverse(name, args=["1.x:y:z"])
    return reverse(name)


def test_every_route_is_in_this_test() -> None:
    names = {getattr(pattern, "name", None) for pattern in get_resolver("dashboard.urls").url_patterns}
    assert names == OPEN_TO_ALL | OF_A_FLEET | OF_EVERYBODY


@pytest.mark.parametrize("name", sorted(OF_A_FLEET))
def test_an_outsider_gets_404(name, house, sos, sign_in) -> None:
    mallory = sign_in("mallory")
    method = mallory.post if name == "acknowledge" else mallory.get
    for headers in ({}, HTMX):
        answer = method(address(name, house, sos), headers=headers)
        assert answer.status_code == 404
        if not answer.streaming:
            assert b"Van 7" not in answer.content


def test_an_outsider_cannot_write_to_a_vehicle(house, sign_in) -> None:
    answer = sign_in("mallory").post(reverse("thread", args=[house.van.pk]), {"text": "hi", "client_id": "1"})
    assert answer.status_code == 404
    assert house.van.messages.count() == 0


@pytest.mark.parametrize("name", sorted(OF_A_FLEET | OF_EVERYBODY))
def test_nobody_gets_in_without_signing_in(name, house, sos) -> None:
    nobody = Client()
    method = nobody.post if name in {"acknowledge", "demo_remove"} else nobody.get
    url = address(name, house, sos)
    answer = method(url)
    if url.startswith("/api/"):
        assert answer.status_code == 401
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/?next=")
        assert method(url, headers=HTMX).status_code == 401


@pytest.mark.parametrize("name", sorted(UNSAFE))
def test_an_unsafe_request_needs_its_csrf_token(name, house, sos, sign_in) -> None:
    alice = sign_in("alice", enforce_csrf_checks=True)
    assert alice.post(address(name, house, sos)).status_code == 403
    sos.refresh_from_db()
    assert sos.status == "open"


@pytest.mark.parametrize("name", ["acknowledge", "demo_remove", "logout"])
def test_looking_changes_nothing(name, house, sos, sign_in) -> None:
    assert sign_in("alice").get(address(name, house, sos)).status_code == 405


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
