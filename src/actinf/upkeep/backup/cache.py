"""Emptying the shared cache: what it holds is of the database that was restored over, and of no use to anybody."""

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
            f"the cache was not emptied ({error}): what it holds of the database of before is not believed, and ends "
            "by itself within an hour"
        ) from error
