"""The cases that vendors were given in an incident: how they stand, and what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.incident.case_events import CaseClosed, CaseNoted, CaseOpened, CaseOverdue
from actinf.responder.incident.event import Recorded

if TYPE_CHECKING:
    from actinf.responder.incident.state import Incident

__all__ = ["Case", "CaseEvent", "after", "close_case", "note_case", "open_case", "overdue"]

#: Nobody waits longer for an answer that an incident needs.
_LONGEST_WAIT = timedelta(days=30)
_MOST_CASES = 50

CaseEvent = CaseOpened | CaseNoted | CaseClosed | CaseOverdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a vendor was asked, as it stands.

    Attributes:
        number: in the incident, from 1.
        vendor: its key in the directory, or what it is called.
        name: as people call it.
        reference: the number that the vendor gave to it; empty: none.
        opened_at, opened_by: when and by whom.
        said: what was said last, at `said_at`.
        contact: with whom, there, last; empty: nobody was named.
        answer_by: until when an answer is awaited; None: none is.
        overdue: whether it was said that the answer has not come.
        closed_at: since when nothing more is wanted; None: something is.
    """

    number: int
    vendor: str
    name: str
    reference: str
    opened_at: datetime
    opened_by: str
    said: str
    said_at: datetime
    contact: str = ""
    answer_by: datetime | None = None
    overdue: bool = False
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is still wanted of the vendor."""
        return self.closed_at is None


def after(cases: Mapping[int, Case], event: CaseEvent, one: Recorded) -> Mapping[int, Case]:
    """The cases as they stand after an event."""
    if isinstance(event, CaseOpened):
        made = Case(
            number=event.case,
            vendor=event.vendor,
            name=event.name,
            reference=event.reference,
            opened_at=one.at,
            opened_by=one.by,
            said=event.said,
            said_at=one.at,
            contact=event.contact,
            answer_by=event.answer_by,
        )
        return {**cases, event.case: made}
    before = cases.get(event.case)
    if before is None:
        return cases
    if isinstance(event, CaseNoted):
        changed = replace(
            before,
            reference=event.reference or before.reference,
            said=event.said,
            said_at=one.at,
            contact=event.contact or before.contact,
            answer_by=event.answer_by,
            overdue=False,
        )
    elif isinstance(event, CaseClosed):
        changed = replace(
            before, said=event.said or before.said, said_at=one.at, answer_by=None, overdue=False, closed_at=one.at
        )
    else:
        changed = replace(before, overdue=True)
    return {**cases, event.case: changed}


def open_case(
    incident: Incident,
    *,
    vendor: str,
    name: str,
    said: str,
    reference: str,
    contact: str,
    answer_by: datetime | None,
    at: datetime,
) -> tuple[CaseOpened, ...]:
    """Ask a vendor for help.

    Args:
        incident: as it stands.
        vendor: its key in the directory, or what it is called.
        name: as people call it.
        said: what it was told.
        reference: the number that it gave to the case; empty: none yet.
        contact: with whom, there; empty: nobody in particular.
        answer_by: until when an answer was promised; None: none is awaited.
        at: when it was said.
    """
    if incident.is_over:
        raise OutOfTurn(f"{incident.id} is over ({incident.status}): open the case with the incident that goes on")
    if len(incident.cases) >= _MOST_CASES:
        raise OutOfTurn(f"{incident.id} has {len(incident.cases)} cases: expected at most {_MOST_CASES}; note it there")
    _require(vendor, "vendor", "whom you asked")
    _require(said, "said", "what was said, in a sentence")
    return (
        CaseOpened(
            case=max(incident.cases, default=0) + 1,
            vendor=vendor.strip(),
            name=name.strip(),
            reference=reference.strip(),
            said=said.strip(),
            contact=contact.strip(),
            answer_by=_awaited(answer_by, at),
        ),
    )


def note_case(
    incident: Incident,
    *,
    vendor: str,
    case: int | None,
    said: str,
    reference: str,
    contact: str,
    answer_by: datetime | None,
    at: datetime,
) -> tuple[CaseNoted, ...]:
    """Write down what was said of a case; what is awaited from then on is `answer_by`, None: nothing."""
    found = _meant(incident, vendor, case)
    _require(said, "said", "what was said, in a sentence")
    return (
        CaseNoted(
            case=found.number,
            vendor=found.vendor,
            name=found.name,
            reference=reference.strip(),
            said=said.strip(),
            contact=contact.strip(),
            answer_by=_awaited(answer_by, at),
        ),
    )


def close_case(incident: Incident, *, vendor: str, case: int | None, said: str) -> tuple[CaseClosed, ...]:
    """Say that nothing more is wanted of a vendor."""
    found = _meant(incident, vendor, case)
    return (CaseClosed(case=found.number, vendor=found.vendor, name=found.name, said=said.strip()),)


def overdue(incident: Incident, number: int, due: datetime) -> tuple[CaseOverdue, ...]:
    """Say that an answer has not come; nothing where it is no longer awaited."""
    found = incident.cases.get(number)
    if found is None or not found.is_open or found.answer_by != due or found.overdue:
        return ()
    return (CaseOverdue(case=number, vendor=found.vendor, name=found.name, answer_by=due),)


def _meant(incident: Incident, vendor: str, number: int | None) -> Case:
    """The case that is meant: by its number, else the one that is open with that vendor.

    Raises:
        OutOfTurn: there is none, or more than one.
    """
    named = vendor.strip().casefold()
    of_vendor = [one for one in incident.cases.values() if named in (one.vendor.casefold(), one.name.casefold())]
    found = [one for one in of_vendor if one.is_open and number in (None, one.number)]
    if len(found) == 1:
        return found[0]
    if not found:
        there = ", ".join(f"{one.number} ({one.vendor})" for one in incident.cases.values() if one.is_open)
        raise OutOfTurn(
            f"{incident.id} has no open case{f' {number}' if number else ''} with {vendor[:60]!r}: "
            f"{f'open are {there}' if there else 'open one first'}"
        )
    numbers = ", ".join(str(one.number) for one in found)
    raise OutOfTurn(f"{incident.id} has {len(found)} open cases with {vendor[:60]!r}: say which, one of {numbers}")


def _awaited(answer_by: datetime | None, at: datetime) -> datetime | None:
    if answer_by is not None and not at < answer_by <= at + _LONGEST_WAIT:
        raise SettingError(
            f"answer_by is {answer_by:%Y-%m-%d %H:%M} UTC: expected a time after {at:%Y-%m-%d %H:%M} UTC, within "
            f"{_LONGEST_WAIT.days} days"
        )
    return answer_by


def _require(text: str, name: str, expected: str) -> None:
    if not text.strip():
        raise SettingError(f"{name} is empty: expected {expected}")
