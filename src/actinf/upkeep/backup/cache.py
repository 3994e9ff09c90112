"""Emptying the shared cache: what it holds is of the database that was restored over."""

import redis

from actinf.errors import BackupError

__all__ = ["flush"]

_SECONDS = 5.0


def flush(url: str) -> None:
    """Empty the cache.

    Args:
        url: redis://….

    Raises:
        BackupError: it does not answer.
    """
    try:
        with redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as cache:
            cache.flushdb()
    except redis.RedisError as error:
        raise BackupError(
            f"the cache was not emptied ({error}): empty it by hand (redis-cli FLUSHDB), for it may hold where agents "
            "stood in the database of before"
        ) from error
