"""The passwords of the database's logins: from the environment, for a command line can be read by others."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from actinf.errors import SettingError
from actinf.lab.extras import load_extra

__all__ = ["passwords_of_environment"]

# The addresses by which others connect hold two of them: a secret has one place.
_IN_ADDRESSES = {
    "owner": ("ACTINF_DATABASE_OWNER_URL", "actinf_owner"),
    "service": ("ACTINF_DATABASE_URL", "actinf_service"),
}
_PLAIN = {"operator": "ACTINF_OPERATOR_PASSWORD", "backup": "ACTINF_BACKUP_PASSWORD"}


def passwords_of_environment(purpose: str) -> Any:
    """The passwords that the variables of this process hold; those of variables that are missing or empty are None.

    Args:
        purpose: what needs them, as the start of a sentence.

    Raises:
        SettingError: an address is of another login than it should be, or without a password.
    """
    preparation = load_extra("actinf.runtime.preparation", extra="serve", purpose=purpose)
    found: dict[str, str | None] = {name: os.environ.get(variable) or None for name, variable in _PLAIN.items()}
    for name, (variable, login) in _IN_ADDRESSES.items():
        address = os.environ.get(variable)
        found[name] = _password_in(address, variable, login) if address else None
    return preparation.Passwords(**found)


def _password_in(address: str, variable: str, login: str) -> str:
    parts = urlsplit(address)
    if unquote(parts.username or "") != login or not parts.password:
        raise SettingError(
            f"{variable} is an address of the login {unquote(parts.username or '')!r}"
            f"{'' if parts.password else ' without a password'}: expected postgresql://{login}:password@host:5432/actinf"
        )
    return unquote(parts.password)
