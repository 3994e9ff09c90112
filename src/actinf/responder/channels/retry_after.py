"""How long a provider asks to wait, out of a header that may hold anything."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["seconds_to_wait"]

#: Whoever asks for more is asked again after a day.
_MOST = 86_400.0


def seconds_to_wait(header: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for, 0 to a day; None: it is missing or makes no sense.

    Args:
        header: a number of seconds or a date of HTTP.
        now: the time at which it came, aware.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), _MOST) if math.isfinite(seconds) else None
