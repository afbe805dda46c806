"""Device tokens: JWTs signed with the key ring TOKEN_KEYS. The only file that imports jwt."""

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.utils.timesince import timesince
from django.utils.timezone import now

ALGORITHM = "HS256"
AUDIENCE = "gps"
MAX_TOKEN_BYTES = 2048
DEFAULT_TTL_S = 365 * 86_400
# A token of ours that lived longer than this is renewed in the last RENEW_WITHIN_S of its life.
RENEW_FROM_TTL_S = 60 * 86_400
RENEW_WITHIN_S = 30 * 86_400


class Refused(Exception):
    """The token opens nothing; the message says why, in words for the log."""


@dataclass(frozen=True, slots=True)
class Claims:
    uid: str
    fleet: str
    expires: float
    nickname: str = ""
    generation: int = 0
    issued: float | None = None


def issue(*, uid: str, fleet: str, nickname: str = "", ttl: int = DEFAULT_TTL_S, generation: int = 0) -> str:
    """Return a JWT for the device `uid` of the fleet with slug `fleet`, valid for `ttl` seconds."""
    kid, key = next(iter(settings.TOKEN_KEYS.items()))
    issued = int(time.time())
    claims: dict[str, Any] = {
        "uid": uid,
        "group_name": fleet,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + ttl,
        "gen": generation,
    }
    if nickname:
        claims["nickname"] = nickname
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})


def verify(token: str) -> Claims:
    """Return what a valid token claims; raise Refused otherwise."""
    if len(token) > MAX_TOKEN_BYTES:
        raise Refused(f"token longer than {MAX_TOKEN_BYTES} bytes")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise Refused(f"malformed token ({error})") from error
    if kid is None:
        keys = list(settings.TOKEN_KEYS.values())
    elif kid in settings.TOKEN_KEYS:
        keys = [settings.TOKEN_KEYS[kid]]
    else:
        raise Refused("token signed with a key that is not in TOKEN_KEYS")
    return _claims(_decode(token, keys))


def _decode(token: str, keys: list[str]) -> dict[str, Any]:
    for key in keys:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={
                    "require": ["uid", "group_name", "exp", "aud"],
                    "strict_aud": True,
                    "verify_exp": False,  # below: PyJWT takes a string for a number
                    "verify_iat": False,  # an issuer's clock may run a little ahead of ours
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise Refused(f"token not valid ({error})") from error
    raise Refused("token signed with a key that is not in TOKEN_KEYS")


def _claims(claims: dict[str, Any]) -> Claims:
    uid, fleet, expires = claims["uid"], claims["group_name"], claims["exp"]
    generation, nickname = claims.get("gen", 0), claims.get("nickname", "")
    if not (isinstance(uid, str) and uid and isinstance(fleet, str) and fleet):
        raise Refused("token claims: uid and group_name must be words")
    if not _is_number(expires):
        raise Refused("token claims: exp must be a number")
    if expires <= time.time():
        raise Refused(f"token expired {_ago(expires)} ago")
    if type(generation) is not int or generation < 0:
        raise Refused("token claims: gen must be a whole number")
    return Claims(
        uid=uid,
        fleet=fleet,
        expires=float(expires),
        nickname=nickname if isinstance(nickname, str) else "",
        generation=generation,
        issued=float(claims["iat"]) if _is_number(claims.get("iat")) else None,
    )


def renewal(claims: Claims, *, generation: int) -> str | None:
    """Return a fresh token with the same claims and life when this one is in its last 30 days."""
    if claims.issued is None or claims.generation != generation:
        return None
    life = claims.expires - claims.issued
    if life <= RENEW_FROM_TTL_S or claims.expires - time.time() > RENEW_WITHIN_S:
        return None
    return issue(
        uid=claims.uid, fleet=claims.fleet, nickname=claims.nickname, ttl=int(life), generation=generation
    )


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _ago(expires: float) -> str:
    past = max(time.time() - expires, 0)
    if past < 60 or past > 100 * 365 * 86_400:
        return f"{past:.0f} seconds"
    return timesince(now() - timedelta(seconds=past), depth=1).replace("\xa0", " ")
