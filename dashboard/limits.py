"""How often somebody may do what costs something: fixed windows, counted in Redis.

Without Redis everything is allowed, and said once in the log: an outage must not keep a dispatcher
from the map. Wrong passwords are counted in the database (dashboard/signin.py), and that count
does not open by itself.
"""

import logging
import time
from functools import lru_cache
from typing import NamedTuple

import redis
from django.conf import settings

log = logging.getLogger("fleetline.limits")

REDIS_TIMEOUT_S = 2


class Limit(NamedTuple):
    name: str
    times: int
    seconds: int


API = Limit("api", 600, 60)  # by user: requests under /api/
EXPORT = Limit("export", 60, 600)  # by user: tracks taken away
INVITE = Limit("invite", 60, 3600)  # by user: invitations and reset links made
LINK = Limit("link", 60, 900)  # by address: invitation, reset and sign-in links opened
DRIVE = Limit("drive", 60, 900)  # by address: codes of the driver page opened or exchanged
WRITE = Limit("write", 120, 60)  # by user: what a page asks for on its socket that is written down
MAIL = Limit("mail", 5, 900)  # by address: reset mails asked for


def wait(limit: Limit, who: object) -> int:
    """Count one; return 0, or the seconds to wait when it was one too many."""
    now = time.time()
    window = int(now // limit.seconds)
    key = f"limit:{limit.name}:{who}:{window}"
    try:
        pipe = _client(settings.REDIS_URL).pipeline()
        pipe.incr(key)
        pipe.expire(key, limit.seconds)
        count = int(pipe.execute()[0])
    except (redis.RedisError, OSError) as error:
        log.warning("limit %s is not counted: %s: %s", limit.name, type(error).__name__, error)
        return 0
    return 0 if count <= limit.times else int((window + 1) * limit.seconds - now) + 1


@lru_cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
