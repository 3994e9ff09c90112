"""What each role may do, in one table.

Whoever is called at night has to be able to do all that ends an incident; what cannot be taken back, or changes how
others are called, is kept for those who answer for it.
"""

from __future__ import annotations

from enum import StrEnum

from actinf.errors import Forbidden

__all__ = ["NEEDS", "Role", "require"]


class Role(StrEnum):
    """What somebody is, each one more than the one before."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    COMMANDER = "commander"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Whether this role may do all that the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


#: The least role for each thing: the verbs of incidents, the changes of duties, and what else there is.
NEEDS: dict[str, Role] = {
    "see": Role.VIEWER,
    "open": Role.RESPONDER,
    "ack": Role.RESPONDER,
    "assign": Role.RESPONDER,
    "handover": Role.RESPONDER,
    "assess": Role.RESPONDER,
    "note": Role.RESPONDER,
    "looked": Role.RESPONDER,
    "milestone": Role.RESPONDER,
    "severity": Role.RESPONDER,
    "check": Role.RESPONDER,
    "check-by-machine": Role.RESPONDER,
    "resolve": Role.RESPONDER,
    "reopen": Role.RESPONDER,
    "link": Role.RESPONDER,
    "task": Role.RESPONDER,
    "action": Role.RESPONDER,
    "action-done": Role.RESPONDER,
    "impact": Role.RESPONDER,
    "lesson": Role.RESPONDER,
    "breach": Role.RESPONDER,
    "evidence": Role.RESPONDER,
    "evidence-hand-on": Role.RESPONDER,
    "change": Role.RESPONDER,
    # What is told to the public has the reason and the name of who told it on the timeline, and can be told otherwise.
    "publish": Role.RESPONDER,
    "update": Role.RESPONDER,
    "withhold": Role.RESPONDER,
    "scan": Role.RESPONDER,
    "case-open": Role.RESPONDER,
    "case-note": Role.RESPONDER,
    "case-close": Role.RESPONDER,
    "override": Role.RESPONDER,
    "swap": Role.RESPONDER,
    "take": Role.RESPONDER,
    "cancel": Role.RESPONDER,
    # Who is called at night may have peace for some hours, and may end it whoever made it; what comes back every week,
    # and is forgotten by then, is for those who answer for it.
    "silence": Role.RESPONDER,
    "end-silence": Role.RESPONDER,
    "end-maintenance": Role.RESPONDER,
    "maintenance": Role.COMMANDER,
    "planned-work": Role.COMMANDER,
    "change-planned-work": Role.RESPONDER,
    "test-page": Role.RESPONDER,
    "test-page-others": Role.COMMANDER,
    # To stop is for everybody who is called; what puts load on the service, or takes replicas away, is not.
    "ramp-pause": Role.RESPONDER,
    "ramp-abort": Role.RESPONDER,
    "ramp-start": Role.COMMANDER,
    "ramp-resume": Role.COMMANDER,
    "ramp-pass": Role.COMMANDER,
    "ramp-rollback": Role.COMMANDER,
    # Names are for everybody; how people are reached is for who may have to call them.
    "contact-look": Role.RESPONDER,
    "contact-own": Role.RESPONDER,
    "contacts": Role.COMMANDER,
    "legal": Role.COMMANDER,
    "close": Role.COMMANDER,
    "merge": Role.COMMANDER,
    "schedule": Role.COMMANDER,
    "catalogue": Role.COMMANDER,
    "erase": Role.ADMIN,
    "evidence-remove": Role.ADMIN,
    "accounts": Role.ADMIN,
}


def require(role: Role, what: str) -> None:
    """Let only those do something who may.

    Raises:
        Forbidden: the role is not enough.
    """
    needed = NEEDS[what]
    if not role.includes(needed):
        raise Forbidden(
            f"{what!r} needs the role {needed}, and this is {role}: ask somebody who has it, or have your role changed "
            "(actinf respond accounts set)"
        )
