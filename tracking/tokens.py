"""Device tokens: JWTs signed with the key ring TOKEN_KEYS. The only file that imports jwt."""

import math
import time
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings

ALGORITHM = "HS256"
AUDIENCE = "gps"
MAX_TOKEN_BYTES = 2048
MAX_WORD_CHARS = 64
LEEWAY_S = 30
DEFAULT_TTL_S = 365 * 86_400
# A token of ours that lived longer than this is renewed in the last RENEW_WITHIN_S of its life.
RENEW_FROM_TTL_S = 60 * 86_400
RENEW_WITHIN_S = 30 * 86_400
# What PyJWT finds in the claims, which it reads only after the signature was good.
ABOUT_CLAIMS = (
    jwt.MissingRequiredClaimError,
    jwt.InvalidAudienceError,
    jwt.InvalidIssuerError,
    jwt.exceptions.InvalidSubjectError,
    jwt.exceptions.InvalidJTIError,
)


class Refused(Exception):
    """The token opens nothing. `code` and `params` say why, for tracking.contacts.words to put into words.

    `uid` is whom it names: believe it only when `signed`.
    """

    def __init__(self, code: str, *, uid: str = "", signed: bool = False, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params, self.uid, self.signed = code, params, uid, signed


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
        raise Refused("token_long", most=MAX_TOKEN_BYTES)
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, UnicodeError, RecursionError) as error:
        raise Refused("token_malformed", detail=str(error)) from error
    kid = header.get("kid")
    if kid is None:
        keys = list(settings.TOKEN_KEYS.values())
    elif kid in settings.TOKEN_KEYS:
        keys = [settings.TOKEN_KEYS[kid]]
    else:
        raise Refused("token_forged", uid=_named(token))
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
                    "verify_nbf": False,  # below too
                    "verify_iat": False,  # an issuer's clock may run a little ahead of ours
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, UnicodeError, RecursionError) as error:
            signed = isinstance(error, ABOUT_CLAIMS)
            raise Refused("token_invalid", uid=_named(token), signed=signed, detail=str(error)) from error
    raise Refused("token_forged", uid=_named(token))


def _claims(claims: dict[str, Any]) -> Claims:
    uid, fleet, expires = claims["uid"], claims["group_name"], claims["exp"]
    generation, nickname = claims.get("gen", 0), claims.get("nickname", "")
    if not (_is_word(uid) and _is_word(fleet)):
        raise Refused("token_claims", detail="uid and group_name must be words of at most 64 characters")

    def refused(code: str, **params: Any) -> Refused:
        return Refused(code, uid=uid, signed=True, **params)

    if not _is_number(expires):
        raise refused("token_claims", detail="exp must be a number")
    if expires <= time.time():
        raise refused("token_expired", expires=float(expires))
    if "nbf" in claims and not _is_number(claims["nbf"]):
        raise refused("token_claims", detail="nbf must be a number")
    if claims.get("nbf", 0) > time.time() + LEEWAY_S:
        raise refused("token_early", **{"from": float(claims["nbf"])})
    if type(generation) is not int or generation < 0:
        raise refused("token_claims", detail="gen must be a whole number")
    return Claims(
        uid=uid,
        fleet=fleet,
        expires=float(expires),
        nickname=nickname[:100] if isinstance(nickname, str) else "",
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
    try:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:  # a whole number of 400 digits
        return False


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_WORD_CHARS and "\0" not in value


def _named(token: str) -> str:
    """Whom a token names that nobody has vouched for."""
    try:
        uid = jwt.decode(token, options={"verify_signature": False}).get("uid")
    except (jwt.PyJWTError, UnicodeError, RecursionError):
        return ""
    return str(uid) if _is_word(uid) else ""
