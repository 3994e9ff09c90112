"""Passwords: hashed by Argon2id, one at a time, so that signing in takes no more memory than one hash does."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from actinf.errors import SettingError

__all__ = ["LONGEST", "SHORTEST", "Passwords"]

SHORTEST, LONGEST = 12, 256

# The least that OWASP recommends (19 MiB, two passes): the whole process has 150 MB.
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1


class Passwords:
    """Hashes and compares."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
        self._one = threading.Lock()
        # Compared where there is no account: how long a refusal takes must not tell which handles exist.
        self._nobody: str | None = None

    def hashed(self, password: str) -> str:
        """What is kept of a password.

        Raises:
            SettingError: it is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise SettingError(
                f"the password has {len(password)} characters: expected {SHORTEST} to {LONGEST}; four or five words do"
            )
        with self._one:
            return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; as slow where none is kept."""
        with self._one:
            if self._nobody is None:
                self._nobody = self._hasher.hash("nobody has this password")
            try:
                return self._hasher.verify(kept or self._nobody, password[:LONGEST]) and kept is not None
            except (Argon2Error, InvalidHashError):
                return False
