"""What the public is told by itself, in the transaction in which it happens.

An incident that is P0 or P1 is told as soon as it is that; whatever the public has been told of is told on: that its
cause was found, that it was mended, that it is over.  An outage of which nothing tells any more, or tells again, is
told on as time runs: `actinf.responder.publishing.measured`.  Only words of the template go out so, and nothing of an
incident that is private: docs/adr/0052.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident import events as happened
from actinf.responder.incident.event import Event
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.notice_events import Ground, NoticePublished, NoticeWithheld
from actinf.responder.incident.notices import PublicNotice
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.publishing.template import Turn, impact_of, unnamed, worded

__all__ = ["SERVICE", "Draft", "Unattended", "draft", "recovering", "returned", "state_of"]

#: What the service as a whole is called where nobody says otherwise.
SERVICE = "Active Inference Simulation Lab"

_AT_ONCE = (Severity.P0, Severity.P1)
_STEPS = (NoticeState.INVESTIGATING, NoticeState.IDENTIFIED, NoticeState.MONITORING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the template would say of an incident.

    Attributes:
        state, impact: how it stands, and how well the components work.
        components: keys of the public components that it is about.
        title, text: the words.
        ground: whence the impact is known.
    """

    state: NoticeState
    impact: Working
    components: tuple[str, ...]
    title: str
    text: str
    ground: Ground = Ground.SEVERITY

    def event(self, *, title: str = "", text: str = "", override: str = "") -> NoticePublished:
        """That it was published, or what somebody wrote in the place of the template's words."""
        return NoticePublished(
            state=self.state,
            impact=self.impact,
            components=self.components,
            standard_title=self.title,
            standard_text=self.text,
            ground=self.ground,
            title=title,
            text=text,
            override=override,
        )


def state_of(incident: Incident) -> NoticeState:
    """How an incident stands, as the public is told."""
    if incident.is_over:
        return NoticeState.WITHDRAWN
    if incident.resolved_at is not None:
        return NoticeState.RESOLVED
    if Milestone.FIX in incident.milestones:
        return NoticeState.MONITORING
    return NoticeState.IDENTIFIED if Milestone.ROOT_CAUSE in incident.milestones else NoticeState.INVESTIGATING


def draft(
    incident: Incident,
    catalogue: Catalogue,
    service: str,
    *,
    state: NoticeState | None = None,
    impact: Working | None = None,
    components: Sequence[str] | None = None,
    turn: Turn = Turn.FURTHER,
    ground: Ground = Ground.SEVERITY,
) -> Draft:
    """What the template says of an incident, of which something may be known better.

    Args:
        incident: as it stands.
        catalogue: which parts the public knows.
        service: the name of the service as a whole.
        state, impact, components: in the place of what follows from the incident.
        turn: what is told beside its state.
        ground: whence the impact is known.
    """
    state = state or state_of(incident)
    impact = impact or impact_of(incident.severity)
    keys = catalogue.public_with(incident.components) if components is None else tuple(components)
    names = [one.public.name for one in catalogue.public_parts() if one.key in keys and one.public is not None]
    words = unnamed(state) if incident.private else worded(state, impact, names, service, turn)
    return Draft(state=state, impact=impact, components=keys, title=words.title, text=words.text, ground=ground)


def recovering(
    incident: Incident,
    catalogue: Catalogue,
    service: str,
    *,
    turn: Turn = Turn.QUIET,
    components: Sequence[str] | None = None,
) -> Draft:
    """What is said of an outage that is none any more as far as is known; that it is over says a person."""
    return draft(
        incident,
        catalogue,
        service,
        state=NoticeState.MONITORING,
        impact=Working.DEGRADED,
        components=_known_components(incident) if components is None else components,
        turn=turn,
        ground=Ground.MEASURED,
    )


def returned(
    incident: Incident, catalogue: Catalogue, service: str, *, components: Sequence[str] | None = None
) -> Draft:
    """What is said of that which was thought to be better, or over, and is not."""
    return draft(
        incident,
        catalogue,
        service,
        state=NoticeState.INVESTIGATING,
        components=_known_components(incident) if components is None else components,
        turn=Turn.BACK,
    )


@dataclass(frozen=True, slots=True)
class Unattended:
    """Tells the public what it is told by itself.

    Attributes:
        service: the name of the service as a whole.
    """

    service: str = SERVICE

    def follow(
        self,
        before: Incident | None,
        after: Incident,
        added: Sequence[Event],
        catalogue: Callable[[], Catalogue],
        incident: Callable[[str], Incident],
        is_quiet: Callable[[], bool] = lambda: False,
    ) -> tuple[Event, ...]:
        """What is published because of that which has happened to an incident.

        Args:
            before: as it stood; None: it begins.
            after: as it stands.
            added: what has happened.
            catalogue: reads which parts there are; asked only where something is published.
            incident: another one by its id, as it stands.
            is_quiet: whether no alert fires that tells of what the public knows.
        """
        if after.private or any(isinstance(one, NoticePublished | NoticeWithheld) for one in added):
            return ()
        notice = after.notice
        if notice is not None and notice.is_out:
            return self._told_on(before, after, added, catalogue, incident, is_quiet)
        if not after.is_open:
            return ()
        taken_up = _taken_up(added, incident)
        if taken_up:
            return (self._takes_up(after, taken_up, catalogue()).event(),)
        if notice is not None:
            if any(isinstance(one, happened.Reopened) for one in added) and not _is_kept(after):
                return (returned(after, catalogue(), self.service).event(),)
            is_worse = before is not None and after.severity < before.severity and self._is_due(after)
            return (draft(after, catalogue(), self.service).event(),) if is_worse else ()
        return (draft(after, catalogue(), self.service).event(),) if self._is_due(after) else ()

    def _takes_up(self, after: Incident, taken_up: Sequence[PublicNotice], catalogue: Catalogue) -> Draft:
        """What goes on as it, that tells nothing itself: of all that the public knew of."""
        components = _together(catalogue.public_with(after.components), taken_up)
        if all(one.last.ground is Ground.MEASURED for one in taken_up):
            return recovering(after, catalogue, self.service, components=components)
        if after.notice is not None:
            return returned(after, catalogue, self.service, components=components)
        return draft(after, catalogue, self.service, components=components)

    @staticmethod
    def _is_due(incident: Incident) -> bool:
        """Whether it is told at once."""
        return incident.severity in _AT_ONCE and not _is_kept(incident)

    def _told_on(
        self,
        before: Incident | None,
        after: Incident,
        added: Sequence[Event],
        catalogue: Callable[[], Catalogue],
        incident: Callable[[str], Incident],
        is_quiet: Callable[[], bool],
    ) -> tuple[Event, ...]:
        """What is told on of that which the public knows."""
        notice = after.notice
        if before is None or notice is None:
            return ()
        last, state = notice.last, _reached(after, added)
        if state is not None and self._goes_further(last.state, state, added):
            turn = self._ending(after, added, incident) if state.ends else Turn.FURTHER
            may_fall = state is NoticeState.MONITORING and last.impact.is_outage and last.ground is not Ground.PERSON
            if may_fall and is_quiet():
                return (recovering(after, catalogue(), self.service, turn=turn).event(),)
            again = draft(
                after,
                catalogue(),
                self.service,
                state=state,
                impact=last.impact,
                components=last.components,
                turn=turn,
                ground=last.ground,
            )
            return (again.event(),)
        taken_up = _taken_up(added, incident)
        is_judged = any(isinstance(one, happened.SeverityChanged | happened.Assessed) for one in added)
        return self._otherwise(before, after, catalogue(), taken_up, is_judged) if is_judged or taken_up else ()

    @staticmethod
    def _goes_further(known: NoticeState, state: NoticeState, added: Sequence[Event]) -> bool:
        """Whether what has happened is another state to the public; what somebody said otherwise stays until then."""
        if any(isinstance(one, happened.Resolved | happened.ClosedAsFalse | happened.Merged) for one in added):
            return state.ends
        return state in _STEPS and known in _STEPS and _STEPS.index(state) > _STEPS.index(known)

    @staticmethod
    def _ending(after: Incident, added: Sequence[Event], incident: Callable[[str], Incident]) -> Turn:
        if after.merged_into:
            other = incident(after.merged_into)
            is_told_there = not other.private and (other.is_open or other.notice is not None)
            return Turn.ELSEWHERE if is_told_there else Turn.ENDED
        if any(isinstance(one, happened.Resolved) and one.by_itself for one in added):
            return Turn.QUIET  # nobody attends to it who could say so
        return Turn.FALSE if after.is_false else Turn.FURTHER

    def _otherwise(
        self,
        before: Incident,
        after: Incident,
        catalogue: Catalogue,
        taken_up: Sequence[PublicNotice],
        is_judged: bool,
    ) -> tuple[Event, ...]:
        """It is worse, less bad, or elsewhere: what somebody said otherwise than the template stays as they said."""
        notice = after.notice
        if notice is None:
            return ()
        last = notice.last
        impact, components, ground, state = last.impact, last.components, last.ground, last.state
        is_worse = is_judged and impact_of(after.severity).gravity > impact.gravity
        if ground is Ground.MEASURED:
            # It was known how severe it is when it was measured that little is left of it.
            if is_worse and after.severity < before.severity:
                together = _together(components, taken_up)
                return (returned(after, catalogue, self.service, components=together).event(),)
        elif is_worse or (ground is Ground.SEVERITY and impact == impact_of(before.severity)):
            impact, ground = impact_of(after.severity), Ground.SEVERITY
        if components == catalogue.public_with(before.components):
            components = catalogue.public_with(after.components)
        components = _together(components, taken_up)
        worst = max(taken_up, key=lambda one: one.last.impact.gravity, default=notice)
        if worst.last.impact.gravity > last.impact.gravity:
            state = worst.updates[-2].state  # before it was told that it goes on here
            if worst.last.impact.gravity > impact.gravity:
                impact, ground = worst.last.impact, worst.last.ground
        if (impact, components) == (last.impact, last.components):
            return ()
        again = draft(
            after,
            catalogue,
            self.service,
            state=state,
            impact=impact,
            components=components,
            turn=Turn.OTHERWISE,
            ground=ground,
        )
        return (again.event(),)


def _reached(after: Incident, added: Sequence[Event]) -> NoticeState | None:
    """Where an incident has got to by what has happened; None: nowhere else.

    What was mended and is back is not mended again because of what is found out about it, or told once more.
    """
    if not after.is_open:
        return state_of(after)
    reached = {one.milestone for one in added if isinstance(one, happened.MilestoneReached)}
    if Milestone.FIX in reached:
        return NoticeState.MONITORING
    return NoticeState.IDENTIFIED if Milestone.ROOT_CAUSE in reached else None


def _known_components(incident: Incident) -> tuple[str, ...] | None:
    """Those that the notice names which is out; None: there is none."""
    notice = incident.notice
    return notice.last.components if notice is not None and notice.is_out else None


def _is_kept(incident: Incident) -> bool:
    """Whether somebody keeps it from the public: kept as less severe, it is told when it is worse."""
    said = incident.withheld
    return said is not None and said.severity <= incident.severity


def _taken_up(added: Sequence[Event], incident: Callable[[str], Incident]) -> list[PublicNotice]:
    """What the public knew of incidents that it takes up, and was told just now that it goes on here."""
    absorbed = [incident(one.absorbed) for one in added if isinstance(one, happened.Merged) and one.absorbed]
    return [one.notice for one in absorbed if one.notice is not None and one.notice.last.number == one.number]


def _together(components: Sequence[str], taken_up: Sequence[PublicNotice]) -> tuple[str, ...]:
    """The parts that a notice names, and those that the notices named which it takes up."""
    return tuple(dict.fromkeys((*components, *(key for one in taken_up for key in one.last.components))))
