"""Invitations, members, and what may be done for one person."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard import people
from dashboard.models import Invitation, Session
from tracking.models import Fleet, Membership, Role

NINA = {"name": "Nina", "username": "nina", "password": "harbour-lantern-42", "time_zone": "Europe/Oslo"}


def shown_link(page) -> str:
    """The path of the link that the page shows."""
    found = re.search(r'value="(http://testserver/[^"]+)"', page.content.decode())
    assert found is not None, page.content
    return urlsplit(found[1]).path


def invite(client, role: str = "dispatcher", name: str = "Nina") -> str:
    return shown_link(client.post("/manage/fleets/north/invite/", {"role": role, "name": name}))


def role_of(name: str, fleet: str = "north") -> str | None:
    return (
        Membership.objects.filter(user__username=name, fleet__slug=fleet)
        .values_list("role", flat=True)
        .first()
    )


# --- invitations ---------------------------------------------------------------------------


def test_an_invitation_lets_one_person_in_with_its_role(house, sign_in) -> None:
    link = invite(sign_in("alice"))
    nina = Client()
    page = nina.get(link).content.decode()
    assert "Join North" in page
    assert "alice invites you as a dispatcher" in page
    assert nina.post(link, NINA)["Location"] == "/"
    assert nina.get("/api/session").json()["user"] == "nina"
    assert role_of("nina") == "dispatcher"
    user = User.objects.get(username="nina")
    assert (user.get_full_name(), user.profile.time_zone, user.is_superuser) == ("Nina", "Europe/Oslo", False)
    # Once.
    assert Client().get(link).status_code == 410
    assert Client().post(link, NINA | {"username": "other"}).status_code == 410
    assert not User.objects.filter(username="other").exists()


def test_it_is_shown_once_and_looking_at_it_uses_nothing_up(house, sign_in) -> None:
    alice = sign_in("alice")
    link = invite(alice)
    assert link not in alice.get("/manage/fleets/north/members/").content.decode()
    for _ in range(3):
        assert Client().get(link).status_code == 200


def test_it_ends_after_a_week(house, sign_in) -> None:
    link = invite(sign_in("alice"))
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert Client().get(link).status_code == 410


def test_it_can_be_taken_back(house, sign_in) -> None:
    alice = sign_in("alice")
    link = invite(alice)
    alice.post(reverse("invitation_revoke", args=["north", Invitation.objects.get().pk]))
    assert Client().post(link, NINA).status_code == 410


@pytest.mark.parametrize("what", ["left", "lowered", "disabled", "gone", "suspended"])
def test_it_is_worth_nothing_when_its_inviter_may_not_invite_any_more(house, sign_in, what) -> None:
    link = invite(sign_in("alice"))
    match what:
        case "left":
            Membership.objects.filter(user=house.alice).delete()
        case "lowered":
            Membership.objects.filter(user=house.alice).update(role="dispatcher")
        case "disabled":
            User.objects.filter(pk=house.alice.pk).update(is_active=False)
        case "gone":
            house.alice.delete()
        case "suspended":
            Fleet.objects.filter(slug="north").update(suspended=True)
    assert Client().post(link, NINA).status_code == 410


def test_somebody_with_an_account_joins_with_it_and_loses_no_role(house, sign_in) -> None:
    alice, mallory, bob = sign_in("alice"), sign_in("mallory"), sign_in("bob")
    assert "Join as mallory" in mallory.get(link := invite(alice, "viewer")).content.decode()
    assert mallory.post(link)["Location"] == "/"
    assert role_of("mallory") == "viewer"
    bob.post(invite(alice, "viewer"))
    assert role_of("bob") == "dispatcher"
    bob.post(invite(alice, "manager"))
    assert role_of("bob") == "manager"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"username": "BOB"}, "taken"),
        ({"password": "short"}, 'role="alert">At least 10 characters'),
        ({"username": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_and_the_invitation_stays(house, sign_in, wrong, words) -> None:
    link = invite(sign_in("alice"))
    page = Client().post(link, NINA | wrong)
    assert words in page.content.decode()
    assert Client().post(link, NINA).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_in(house) -> None:
    secret = people.invite(house.north, Role.VIEWER, by=house.alice)

    def use(number: int) -> int:
        try:
            return Client().post(f"/invitation/{secret}/", NINA | {"username": f"nina{number}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [302, 410, 410, 410]
    assert User.objects.filter(username__startswith="nina").count() == 1


def test_a_role_that_does_not_exist_invites_nobody(house, sign_in) -> None:
    page = sign_in("alice").post("/manage/fleets/north/invite/", {"role": "superuser"})
    assert page.status_code == 422
    assert not Invitation.objects.exists()


def test_who_invites_too_many_waits(house, sign_in, monkeypatch) -> None:
    from dashboard import limits

    monkeypatch.setattr(limits, "INVITE", limits.Limit("invite", 2, 3600))
    alice = sign_in("alice")
    for _ in range(2):
        invite(alice)
    refused = alice.post("/manage/fleets/north/invite/", {"role": "viewer"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


# --- members -------------------------------------------------------------------------------


def change(client, user, role: str) -> str:
    pk = Membership.objects.get(user=user, fleet__slug="north").pk
    url = reverse("member_role", args=["north", pk])
    return client.post(url, {"role": role}, follow=True).content.decode()


def remove(client, user) -> str:
    pk = Membership.objects.get(user=user, fleet__slug="north").pk
    return client.post(reverse("member_remove", args=["north", pk]), follow=True).content.decode()


def test_a_role_is_changed_and_counts_at_once(house, sign_in) -> None:
    vera, thread = sign_in("vera"), reverse("thread", args=[house.van.pk])
    assert vera.post(thread, {"text": "hi"}).status_code == 403
    assert "vera is dispatcher of North now." in change(sign_in("alice"), house.vera, "dispatcher")
    assert vera.post(thread, {"text": "hi"}).status_code == 302
    change(sign_in("alice"), house.vera, "viewer")
    assert vera.post(thread, {"text": "hi"}).status_code == 403


def test_who_is_removed_sees_nothing_any_more(house, sign_in) -> None:
    bob = sign_in("bob")
    assert "no member of North any more" in remove(sign_in("alice"), house.bob)
    assert bob.get(reverse("vehicle", args=[house.van.pk])).status_code == 404


@pytest.mark.parametrize("who", ["alice", "root"])
def test_a_fleet_keeps_its_last_manager(house, sign_in, who) -> None:
    client = sign_in(who)
    assert "only manager" in change(client, house.alice, "viewer")
    assert "only manager" in remove(client, house.alice)
    assert role_of("alice") == "manager"
    change(client, house.bob, "manager")
    change(client, house.alice, "viewer")
    assert (role_of("alice"), role_of("bob")) == ("viewer", "manager")


def test_a_disabled_manager_does_not_count_as_one(house, sign_in) -> None:
    Membership.objects.filter(user=house.bob).update(role="manager")
    User.objects.filter(pk=house.bob.pk).update(is_active=False)
    assert "only manager" in remove(sign_in("alice"), house.alice)


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_remove_each_other_do_not_both_succeed(house) -> None:
    Membership.objects.filter(user=house.bob).update(role="manager")
    rows = list(Membership.objects.filter(fleet=house.north, role="manager"))

    def one(membership: Membership) -> bool:
        try:
            people.remove(membership)
        except people.Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, rows)) == [False, True]


def test_a_member_of_another_fleet_is_not_found_under_this_one(house, sign_in) -> None:
    theirs = Membership.objects.get(user=house.mallory).pk
    alice = sign_in("alice")
    for name in ("member_role", "member_remove"):
        assert alice.post(reverse(name, args=["north", theirs]), {"role": "viewer"}).status_code == 404


# --- one person ----------------------------------------------------------------------------


def test_a_reset_link_sets_a_password_once_and_signs_out_everywhere(house, sign_in) -> None:
    vera = sign_in("vera")
    link = shown_link(sign_in("alice").post(reverse("person_reset", args=[house.vera.pk])))
    browser = Client()
    form = browser.get(link)["Location"]
    assert "set-password" in form  # the token is not in the address any more
    page = browser.post(form, {"new_password1": "short", "new_password2": "short"})
    assert 'role="alert">At least 10 characters' in page.content.decode()
    new = {"new_password1": "harbour-lantern-42", "new_password2": "harbour-lantern-42"}
    assert browser.post(form, new)["Location"] == "/"
    assert browser.get("/api/session").json()["user"] == "vera"
    assert vera.get("/api/session").status_code == 401
    assert Client().login(username="vera", password="harbour-lantern-42")
    assert "no longer works" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("what", ["a day", "a sign-in", "disabled"])
def test_what_ends_a_reset_link(house, sign_in, what) -> None:
    link = shown_link(sign_in("alice").post(reverse("person_reset", args=[house.vera.pk])))
    later = timezone.now() + timedelta(days=1, minutes=1)
    if what == "a sign-in":
        Client().post("/login/", {"username": "vera", "password": "vera-password"})
    elif what == "disabled":
        User.objects.filter(pk=house.vera.pk).update(is_active=False)
    with time_machine.travel(later if what == "a day" else timezone.now()):
        answer = Client().get(link, follow=True)
    refused = "no longer works" in answer.content.decode()
    # A disabled person may choose a password and gets in nowhere with it.
    assert refused or what == "disabled"
    if what == "disabled":
        assert not Client().login(username="vera", password="vera-password")


def test_who_is_also_elsewhere_is_governed_by_who_manages_all(house, sign_in) -> None:
    """A link for bob would open the south too, which alice does not manage."""
    Membership.objects.create(user=house.bob, fleet=house.south, role="viewer")
    alice = sign_in("alice")
    assert alice.get(reverse("person", args=[house.bob.pk])).status_code == 200
    for name in ("person_reset", "person_sign_out", "person_disable", "person_enable"):
        assert alice.post(reverse(name, args=[house.bob.pk])).status_code == 403
        assert sign_in("mallory").post(reverse(name, args=[house.bob.pk])).status_code == 403
    Membership.objects.create(user=house.alice, fleet=house.south, role="manager")
    assert alice.post(reverse("person_reset", args=[house.bob.pk])).status_code == 200


def test_a_superuser_is_governed_by_superusers(house, sign_in) -> None:
    Membership.objects.create(user=house.root, fleet=house.north, role="viewer")
    assert sign_in("alice").post(reverse("person_reset", args=[house.root.pk])).status_code == 403


def test_disabled_and_enabled_again(house, sign_in) -> None:
    alice, vera = sign_in("alice"), sign_in("vera")
    alice.post(reverse("person_disable", args=[house.vera.pk]))
    assert vera.get("/api/session").status_code == 401
    assert not Session.objects.filter(user=house.vera).exists()
    assert not Client().login(username="vera", password="vera-password")
    assert alice.post(reverse("person_reset", args=[house.vera.pk])).status_code == 403
    alice.post(reverse("person_enable", args=[house.vera.pk]))
    assert Client().login(username="vera", password="vera-password")


def test_nobody_disables_themselves_the_last_superuser_or_a_last_manager(house, sign_in) -> None:
    sign_in("root").post(reverse("person_disable", args=[house.root.pk]))
    with pytest.raises(people.Refused, match="only superuser"):
        people.disable(house.root, by=house.root)
    with pytest.raises(people.Refused, match="only manager"):
        people.disable(house.alice, by=house.alice)
    assert User.objects.filter(is_active=False).count() == 0
    sign_in("root").post(reverse("person_disable", args=[house.alice.pk]))
    assert not User.objects.get(pk=house.alice.pk).is_active


def test_signed_out_everywhere(house, sign_in) -> None:
    first, second = sign_in("bob"), sign_in("bob")
    sign_in("alice").post(reverse("person_sign_out", args=[house.bob.pk]))
    assert {c.get("/api/session").status_code for c in (first, second)} == {401}
    assert Client().login(username="bob", password="bob-password")


def test_people_are_listed_to_those_who_manage_them(house, sign_in) -> None:
    page = sign_in("alice").get("/manage/people/").content.decode()
    assert "vera" in page
    assert "mallory" not in page
    Membership.objects.create(user=house.bob, fleet=house.south, role="viewer")
    assert "South" not in sign_in("alice").get("/manage/people/").content.decode()
    assert "mallory" in sign_in("root").get("/manage/people/").content.decode()


# --- a suspended fleet ---------------------------------------------------------------------


def test_members_of_a_suspended_fleet_are_told_so_and_see_nothing(house, sign_in) -> None:
    root, bob = sign_in("root"), sign_in("bob")
    root.post("/manage/fleets/north/suspend/", {"suspended": "1"})
    page = bob.get("/")
    assert page.status_code == 403
    assert "North is suspended" in page.content.decode()
    for url in (reverse("vehicle", args=[house.van.pk]), "/alerts/", "/manage/"):
        answer = bob.get(url)
        assert answer.status_code == 403
        assert b"Van 7" not in answer.content
    assert bob.get("/api/places?at=57.7,11.97").json()["error"]["code"] == "suspended"
    assert bob.get("/profile/").status_code == 200
    assert root.get(reverse("vehicle", args=[house.van.pk])).status_code == 200
    assert sign_in("mallory").get("/").status_code == 200
    root.post("/manage/fleets/north/suspend/", {"suspended": "0"})
    assert bob.get("/").status_code == 200


def test_who_has_another_fleet_goes_on_there(house, sign_in) -> None:
    Membership.objects.create(user=house.bob, fleet=house.south, role="viewer")
    Fleet.objects.filter(slug="north").update(suspended=True)
    bob = sign_in("bob")
    assert "North is suspended" in bob.get("/alerts/").content.decode()
    assert bob.get(reverse("vehicle", args=[house.truck.pk])).status_code == 200
    assert bob.get(reverse("vehicle", args=[house.van.pk])).status_code == 404
