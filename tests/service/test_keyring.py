"""A key that was known goes on while the database is away, and not beyond its end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from actinf.errors import Unauthenticated
from actinf.service.access.keyring import Keyring
from actinf.service.access.keys import digest_of, new_key
from actinf.service.access.principal import Principal


class Away:
    """A database that does not answer."""

    def connect(self) -> Any:
        raise OperationalError("SELECT", {}, Exception("connection refused"))


@pytest.mark.parametrize("days", [None, 1, -1])
def test_a_known_key_lasts_to_its_end_while_the_database_is_away(days: int | None) -> None:
    key = new_key()
    keyring = Keyring(Away())  # type: ignore[arg-type]
    principal = Principal(workspace=uuid4(), actor=f"key:{key.prefix}", scopes=frozenset({"read"}))
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    keyring._known[digest_of(key.text)] = (principal, 0.0, ends)
    if days == -1:
        with pytest.raises(Unauthenticated, match="expired"):
            asyncio.run(keyring.principal(key.text))
    else:
        assert asyncio.run(keyring.principal(key.text)) is principal
