"""Who may report: from a token or a key to the device that it belongs to.

`admitted` and `admitted_by_key` are for doors: what was read of a device is shared and kept for a few
seconds (roster.py). `admit` and `admit_key` are the same from synchronous code and read every time.
"""

import time
from typing import Any

import msgspec
from django.conf import settings
from django.utils import translation
from msgspec import Struct

from tracking import contacts, database, devices, keys, tokens
from tracking.fittings import Spans
from tracking.ingest import roster
from tracking.ingest.roster import Facts, KeyFacts
from tracking.loops import per_loop
from tracking.presence import Who

MAX_SIGNED = 20_000
FOREVER = 253_402_300_799.0  # the end of the year 9999


class Refused(Exception):
    """Not this one; the message says why, in words for the log.

    `known` tells a good credential that opens nothing (HTTP 403) from a bad one (401). `uid` is the
    device that it names: believe it only when `signed`.
    """

    def __init__(
        self, code: str, *, known: bool = True, uid: str = "", signed: bool = True, **params: Any
    ) -> None:
        with translation.override(None):
            said = contacts.words(code, params)
        super().__init__(f"device {uid!r}: {said}" if uid else said)
        self.code, self.known, self.uid, self.signed, self.params = code, known, uid, signed, params


class Source(Struct, frozen=True):
    """A device that was let in. One that waits to be accepted has the negative id of its inbox row."""

    who: Who
    uid: str
    vehicle_name: str
    fleet: str
    primary: bool
    generation: int
    claims: tokens.Claims
    last_time: int | None = None
    facts: Facts | None = None
    client: str = ""

    @property
    def pending(self) -> bool:
        return self.who.device < 0

    @property
    def spans(self) -> Spans:
        """Which vehicle the device was in when; empty unless it was ever moved."""
        return self.facts.spans if self.facts else ()


def bearer(headers: dict[bytes, bytes]) -> str:
    """The token in the headers `Authorization: Bearer …` or `token: …`; empty when there is none."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get(b"token", b"").decode("latin-1").strip()


# --- with a token ----------------------------------------------------------------------------


def verified(token: str) -> tokens.Claims:
    """What a valid token claims; raise Refused otherwise. Asks nobody."""
    if not token:
        raise Refused("no_token", known=False, signed=False)
    try:
        return tokens.verify(token)
    except tokens.Refused as error:
        raise Refused(error.code, known=False, uid=error.uid, signed=error.signed, **error.params) from error


@per_loop
def _signed() -> dict[str, tokens.Claims]:
    return {}


def recognised(token: str) -> tokens.Claims:
    """The same for a token that comes again and again: its signature is checked once by each process."""
    signed = _signed()
    claims = signed.get(token)
    if claims is None or claims.expires <= time.time():
        claims = verified(token)
        if len(signed) >= MAX_SIGNED:
            signed.clear()
        signed[token] = claims
    return claims


async def admitted(token: str) -> Source:
    """Return the device of a valid token. Raise Refused, or a database error when it cannot be asked."""
    return await admitted_by(recognised(token))


async def admitted_by(claims: tokens.Claims) -> Source:
    facts = await roster.roster().device(claims.uid)
    if facts is None:
        return await database.run(_newcomer, claims)
    return _source(facts, claims)


def admit(token: str) -> Source:
    claims = verified(token)
    facts = roster.read([claims.uid]).get(claims.uid)
    return _newcomer(claims) if facts is None else _source(facts, claims)


def check(facts: Facts, claims: tokens.Claims) -> None:
    """Raise Refused unless these claims open the door for this device now."""

    def refused(code: str, **params: Any) -> Refused:
        return Refused(code, uid=facts.uid, **params)

    if facts.disabled:
        raise refused("disabled")
    if facts.slug != claims.fleet:
        raise refused("other_fleet", fleet=facts.slug, said=claims.fleet)
    if facts.suspended:
        raise refused("suspended", fleet=facts.slug)
    if claims.generation < facts.generation:
        if claims.generation < facts.generation - 1 or not facts.grace_until:
            raise refused("rotated", said=claims.generation, valid=facts.generation)
        if facts.grace_until <= time.time():
            raise refused("grace_ended")


def _source(facts: Facts, claims: tokens.Claims) -> Source:
    check(facts, claims)
    return Source(
        who=Who(fleet=facts.fleet, vehicle=facts.vehicle, device=facts.device, siblings=facts.siblings),
        uid=facts.uid,
        vehicle_name=facts.vehicle_name,
        fleet=facts.slug,
        primary=facts.primary,
        generation=facts.generation,
        claims=claims,
        facts=facts,
    )


def again(source: Source, facts: Facts) -> Source:
    """The same device with what is known of it now. Raise Refused when it may not report any more."""
    fresh = _source(facts, source.claims)
    return msgspec.structs.replace(fresh, last_time=source.last_time, client=source.client)


def _newcomer(claims: tokens.Claims) -> Source:
    """A device that nobody has heard of: what AUTO_REGISTER says."""
    if settings.AUTO_REGISTER == "on":
        devices.register(claims.uid, fleet=claims.fleet, name=claims.nickname)
        return _source(roster.read([claims.uid])[claims.uid], claims)
    if settings.AUTO_REGISTER == "off":
        raise Refused("unknown_device", uid=claims.uid)
    found = devices.knock(claims.uid, fleet=claims.fleet, nickname=claims.nickname)
    if isinstance(found, str):
        raise Refused(found, uid=claims.uid, fleet=claims.fleet)
    return Source(
        who=Who(fleet=0, vehicle=0, device=-found.pk),  # of no fleet and no vehicle: shown nowhere
        uid=claims.uid,
        vehicle_name="",
        fleet=claims.fleet,
        primary=False,
        generation=0,
        claims=claims,
    )


# --- with a key ------------------------------------------------------------------------------


async def admitted_by_key(key: str, *, uid: str | None = None) -> Source:
    """Return the device of the key in an address /i/<key>; of a gateway's key the device `uid` of its fleet.

    Raise Refused, or a database error when it cannot be asked.
    """
    known, name = _named(await roster.roster().key(keys.digest(key)), uid)
    facts = await roster.roster().device(name)
    if facts is None:
        return await database.run(_by_key, known, name, None)
    return _by_key(known, name, facts)


def admit_key(key: str, *, uid: str | None = None) -> Source:
    digest = keys.digest(key)
    known, name = _named(roster.read_keys([digest]).get(digest), uid)
    return _by_key(known, name, roster.read([name]).get(name))


def _named(known: KeyFacts | None, uid: str | None) -> tuple[KeyFacts, str]:
    """A key that is good, and the device that it or the caller names."""
    if known is None or 0 < known.expires <= time.time():
        raise Refused("unknown_key", known=False, signed=False)
    if known.suspended:
        raise Refused("suspended", uid=uid or "", fleet=known.slug)
    if not (known.uid or uid):
        raise Refused("no_uid")
    return known, known.uid or str(uid)


def _by_key(known: KeyFacts, uid: str, facts: Facts | None) -> Source:
    expires = known.expires or FOREVER
    if facts is None:
        if known.uid:  # removed a moment ago, its keys with it
            raise Refused("unknown_key", known=False, signed=False)
        return _newcomer(tokens.Claims(uid=uid, fleet=known.slug, expires=expires))
    if known.fleet and known.fleet != facts.fleet:
        raise Refused("not_in_fleet", uid=uid, fleet=facts.slug, said=known.slug)
    claims = tokens.Claims(uid=uid, fleet=facts.slug, expires=expires, generation=facts.generation)
    return _source(facts, claims)
