"""Who makes a request, and what that may do."""

from dataclasses import dataclass
from uuid import UUID

from actinf.errors import Forbidden

__all__ = ["SCOPES", "Principal"]

#: From the least to the most; each is of its own, and `admin` holds them all.
SCOPES = {
    "read": "see models, agents, steps and simulations",
    "run": "make, step, reset and delete them",
    "operate": "see the audit log, and throw the switches of the protection",
    "admin": "make and revoke keys; includes all others",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request.

    Attributes:
        workspace: whose objects it sees; no other exists for it.
        actor: what the audit log calls it: "key:" and the key's prefix, or "local".
        scopes: what it may do.
    """

    workspace: UUID
    actor: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the scope is among those of the key."""
        return scope in self.scopes or "admin" in self.scopes

    def needs(self, scope: str) -> None:
        """Do nothing where the scope is among those of the key.

        Raises:
            Forbidden: names the scope that is missing and those that there are.
        """
        if not self.may(scope):
            raise Forbidden(
                f"this needs a key with the scope {scope!r} ({SCOPES[scope]}), but {self.actor} has "
                f"{', '.join(sorted(self.scopes))}: ask for another key (actinf keys create --scope {scope})"
            )
