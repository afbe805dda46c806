"""The people of a fleet: who lets them in, what changes their role, what ends their sessions.

Every change that takes something away is announced, so that open sockets in every process follow
at once; they would within 3 s anyway.
"""

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext

from dashboard import access, sessions
from dashboard.models import Invitation, Profile
from dashboard.signin import digest
from tracking import live
from tracking.models import Fleet, Membership, Role

INVITATION_DAYS = 7
SECRET_BYTES = 32


class Refused(Exception):
    """Cannot be done; the message says why, for people."""


# --- invitations ---------------------------------------------------------------------------


def invite(fleet: Fleet, role: Role, *, by: User, name: str = "") -> str:
    """Return the secret of a link that lets one person in. Shown now or never: its digest is kept."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    Invitation.objects.create(
        digest=digest(secret),
        fleet=fleet,
        role=role,
        invited_by=by,
        name=name[:150],
        expires=now() + timedelta(days=INVITATION_DAYS),
    )
    return secret


def open_invitations(fleet: Fleet) -> "QuerySet[Invitation]":
    return fleet.invitations.filter(used=None, expires__gt=now()).select_related("invited_by")


def invitation(secret: str) -> Invitation | None:
    """The invitation of the secret; None when unknown, used, too old, or its inviter may no longer invite."""
    found = (
        Invitation.objects.filter(digest=digest(secret), used=None, expires__gt=now())
        .select_related("fleet", "invited_by")
        .first()
    )
    if found is None or found.invited_by is None or found.fleet.suspended:
        return None
    return found if access.may(found.invited_by, found.fleet, Role.MANAGER) else None


@transaction.atomic
def join(found: Invitation, user: User) -> None:
    """Use the invitation up for the user; Refused when somebody was faster. Never lowers a role."""
    if not Invitation.objects.filter(pk=found.pk, used=None).update(used=now()):
        raise Refused(gettext("This invitation was used already."))
    membership, new = Membership.objects.get_or_create(
        user=user, fleet=found.fleet, defaults={"role": found.role}
    )
    if not new and access.ROLES.index(Role(membership.role)) < access.ROLES.index(Role(found.role)):
        membership.role = found.role
        membership.save(update_fields=["role"])


@transaction.atomic
def accept(found: Invitation, *, username: str, name: str, password: str, time_zone: str = "") -> User:
    """Make the invited person's account, with the invitation's role."""
    user = User.objects.create_user(username, password=password, first_name=name)
    Profile.objects.create(user=user, time_zone=time_zone)
    join(found, user)
    return user


# --- members -------------------------------------------------------------------------------


@transaction.atomic
def change_role(membership: Membership, role: Role) -> None:
    """Refused where it would leave the fleet without a manager."""
    _keep_a_manager(membership, stays=role == Role.MANAGER)
    membership.role = role
    membership.save(update_fields=["role"])
    transaction.on_commit(announce)


@transaction.atomic
def remove(membership: Membership) -> None:
    """Take somebody out of the fleet; Refused where it would leave the fleet without a manager."""
    _keep_a_manager(membership, stays=False)
    membership.delete()
    transaction.on_commit(announce)


def _keep_a_manager(membership: Membership, *, stays: bool) -> None:
    if stays or membership.role != Role.MANAGER:
        return
    # The lock: two managers who remove each other at the same moment.
    Fleet.objects.select_for_update().get(pk=membership.fleet_id)
    others = Membership.objects.filter(fleet=membership.fleet_id, role=Role.MANAGER, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        words = gettext("%(name)s is the only manager of %(fleet)s. Make somebody else a manager first.")
        raise Refused(words % {"name": called(membership.user), "fleet": membership.fleet})


# --- accounts ------------------------------------------------------------------------------


def called(user: User) -> str:
    """The name that others see."""
    return user.get_full_name() or user.get_username()


@transaction.atomic
def disable(user: User, *, by: User) -> None:
    """Nothing of the user's opens anything any more; what they wrote stays. Can be taken back.

    A superuser may disable a fleet's only manager, whose account may be in wrong hands.
    """
    if user.is_superuser and not _others(user).exists():
        raise Refused(gettext("This is the only superuser: nobody could let anybody in any more."))
    if not by.is_superuser:
        for membership in user.memberships.select_related("fleet", "user"):
            _keep_a_manager(membership, stays=False)
    User.objects.filter(pk=user.pk).update(is_active=False)
    sign_out(user)


def enable(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=True)


def _others(user: User) -> "QuerySet[User]":
    return User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)


def sign_out(user: User, *, only: str | None = None, but: str | None = None) -> None:
    """End the user's sessions: all, `only` the one of this key, or all `but` the one of this key."""
    found = sessions.of(user)
    if only is not None:
        found = found.filter(pk=only)
    if but is not None:
        found = found.exclude(pk=but)
    found.delete()
    transaction.on_commit(announce)


def suspend(fleet: Fleet, *, suspended: bool) -> None:
    """Keep the fleet's members and devices out, or take that back."""
    Fleet.objects.filter(pk=fleet.pk).update(suspended=suspended)
    transaction.on_commit(announce)


def announce() -> None:
    """Have every process look at once who may still be connected."""
    live.announce([live.look()])
