"""Words that sentences for people share."""

__all__ = ["counted"]


def counted(number: int, what: str) -> str:
    """How many there are of something: `1 user`, `20,000 users`.

    Args:
        number: how many.
        what: one of them; a word whose plural ends in s.
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
