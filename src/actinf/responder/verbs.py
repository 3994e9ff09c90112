"""What can be asked for with an incident: the same by the command line, over HTTP and from a page.

Each request is one class: its fields are what has to be said, and `events` is what comes of it.
"""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from pydantic import Field, StringConstraints

from actinf.errors import SettingError
from actinf.responder.advising.decisions import look, name_cause
from actinf.responder.case_verbs import CloseCase, NoteCase, OpenCase
from actinf.responder.desk import Desk, NewIncident
from actinf.responder.incident import decisions
from actinf.responder.incident.event import Event
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Judgement, Severity, Signals, classify
from actinf.responder.incident.state import Incident
from actinf.responder.measuring.recovery import check_by_machine
from actinf.responder.moments import Moment
from actinf.responder.publishing.verbs import NOTICE_VERBS
from actinf.responder.record.evidence import removed
from actinf.responder.verb import Decision, Line, Request, Text, Verb

__all__ = [
    "VERBS",
    "Acknowledge",
    "AddAction",
    "Assess",
    "Assign",
    "ChangeSeverity",
    "Check",
    "CheckByMachine",
    "CloseAsFalse",
    "CloseCase",
    "DoTask",
    "Erase",
    "FinishAction",
    "HandEvidenceOn",
    "HandOver",
    "Learn",
    "Link",
    "Look",
    "Merge",
    "Note",
    "NoteCase",
    "OpenCase",
    "OpenIncident",
    "Reach",
    "RemoveEvidence",
    "Reopen",
    "Resolve",
    "SettleLegal",
    "StateImpact",
    "SuspectBreach",
    "Verb",
]


class OpenIncident(Request):
    """Open an incident; how severe it is follows from what is said of it, or is said outright, with the reason."""

    component: Line = Field(description="What does not work as it should.")
    impact: Text = Field(description="What users notice.")
    severity: Severity | None = Field(None, description="P0 to P3; without it, it is judged from the rest.")
    reason: Text = Field("", description="Why it is that severe.")
    incident_type: str | None = Field(
        None,
        description="api_down, database_performance, high_memory, security or other; without it, that of the component "
        "in the catalogue.",
    )
    detected_at: Moment | None = Field(None, description="From when its clocks count; without it: from now on.")
    degradation: float | None = Field(None, ge=0, le=1, description="The share of performance that is lost.")
    affected_users: int | None = Field(None, ge=0, description="How many users it affects.")
    data_loss: bool = Field(False, description="Data was lost or corrupted, or may have been.")
    down: bool = Field(False, description="The system is down altogether.")
    private: bool = Field(False, description="Only those who are concerned may see it.")

    def judged(self, kind: str) -> Judgement:
        """How severe one of a type is, and why: data loss and security are P0 whatever else is said."""
        said = classify(
            Signals(
                degradation=self.degradation,
                affected_users=self.affected_users,
                kind=kind,
                data_loss=self.data_loss,
                down=self.down,
            )
        )
        if self.severity is None or (said.severity is Severity.P0 and (self.data_loss or kind == "security")):
            return said
        why = f"{self.severity}: {self.reason.strip()}" if self.reason.strip() else f"{self.severity}: said by hand"
        return Judgement(severity=self.severity, reasons=(why, *(said.reasons if said != classify(Signals()) else ())))

    def run(self, desk: Desk, by: str) -> Incident:
        """Open it."""
        known = desk.catalogue().find(self.component)
        kind = self.incident_type or ("other" if known is None else known.incident_type)
        judgement = self.judged(kind)
        return desk.open(
            NewIncident(
                severity=judgement.severity,
                reasons=judgement.reasons,
                component=self.component,
                impact=self.impact,
                incident_type=kind,
                detected_at=self.detected_at,
                private=self.private,
            ),
            by=by,
        )


class Acknowledge(Decision):
    """Say that you are there: paging ends."""

    verb = "ack"

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.acknowledge(incident, by)


class Assign(Decision):
    """Give the lead to somebody."""

    verb = "assign"

    to: Line = Field(description="The handle of who leads from now on.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.assign(incident, self.to)


class HandOver(Decision):
    """Pass the lead on."""

    verb = "handover"

    to: Line = Field(description="The handle of who takes it.")
    note: Text = Field("", description="What the next one has to know.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.hand_over(incident, self.to, self.note)


class Assess(Decision):
    """The initial assessment; all four are needed."""

    verb = "assess"

    severity: Severity = Field(description="P0 to P3.")
    components: tuple[Line, ...] = Field(description="What does not work as it should.")
    impact: Text = Field(description="What users notice.")
    findings: Text = Field(description="What is known so far.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.assess(
            incident, severity=self.severity, components=self.components, impact=self.impact, findings=self.findings
        )

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; components that the catalogue has are written down by their names."""
        catalogue = desk.catalogue()
        names = tuple(dict.fromkeys(catalogue.named(one) for one in self.components))
        return Decision.run(self.model_copy(update={"components": names}), desk, incident, by)


class Note(Decision):
    """Write something down: what was seen, what was done, what came of it."""

    verb = "note"

    text: Text = Field(description="What.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.note(self.text)


class Reach(Decision):
    """Say that a milestone was reached."""

    verb = "milestone"

    milestone: Milestone = Field(description="investigation started, root cause identified or fix implemented.")
    text: Text = Field("", description="How that is known; of the root cause: what it is.")
    cause: Line = Field("", description="Of the root cause: which of those that the runbook's page names.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        if self.cause and self.milestone is not Milestone.ROOT_CAUSE:
            raise SettingError(f"cause is given with {self.milestone.value!r}: it belongs to the root cause alone")
        return (*decisions.reach(incident, self.milestone, self.text), *name_cause(incident, self.cause))


class Look(Decision):
    """Say what a step of the runbook showed: the advice what to look at next follows from it."""

    verb = "looked"

    step: Line = Field(description="By its name, as GET /v1/incidents/{incident}/advice has it.")
    outcome: Line = Field(description="What it showed, likewise.")
    note: Text = Field("", description="What else was seen.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return look(incident, self.step, self.outcome, self.note)


class ChangeSeverity(Decision):
    """Make it more or less severe."""

    verb = "severity"

    severity: Severity = Field(description="P0 to P3.")
    reason: Text = Field(description="Why.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.change_severity(incident, self.severity, self.reason)


class Check(Verb):
    """Say how an item of the recovery checklist stands; `users` rests on an update that was sent, or on words."""

    verb = "check"

    item: Line = Field(description="stable, dependencies, alerts, performance or users.")
    passed: bool | None = Field(description="Whether it is as it should be; nothing where it cannot be told.")
    found: Text = Field("", description="What was seen; of users, how else they were told.")
    message: int | Annotated[str, StringConstraints(pattern=r"^(latest|page-\d{1,9})$")] | None = Field(
        None,
        description="Of users: the number of the update that told them, one of the incident's `updates`, or latest.",
    )

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        update = desk.update(incident, self.message) if self.message is not None and self.passed else None
        return desk.act(
            incident,
            lambda _: decisions.check(
                self.item, passed=self.passed, found=self.found, by_machine=False, by_message=update
            ),
            by=by,
            at=self.at,
        )


class CheckByMachine(Verb):
    """Let a machine look at the four items of the recovery checklist that it can tell."""

    verb = "check-by-machine"

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; where nothing can be measured, the items say so."""
        return check_by_machine(desk, incident, desk.measurements, by)


class Resolve(Decision):
    """Call it over."""

    verb = "resolve"

    how: Text = Field("", description="What was done; it becomes the resolution of the post-mortem.")
    cause: Line = Field("", description="What it was, one of those that the runbook's page names.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return (*name_cause(incident, self.cause), *decisions.resolve(incident, self.how))


class Reopen(Decision):
    """Say that it was not over."""

    verb = "reopen"

    reason: Text = Field(description="Why.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.reopen(incident, self.reason)


class CloseAsFalse(Decision):
    """Say that there was nothing."""

    verb = "close"

    reason: Text = Field(description="Why it looked as if there was.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.close_as_false(incident, self.reason)


class Merge(Verb):
    """Let it go on as another incident."""

    verb = "merge"

    into: Line = Field(description="The id of the other.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the other incident as it stands afterwards."""
        return desk.merge(incident, self.into, by=by)


class Link(Decision):
    """Say what it has to do with: another incident, a ticket, a page."""

    verb = "link"

    target: Line = Field(description="An id or an address.")
    relation: Line = Field("related", description="How: related, caused by, ticket …")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.link(incident, self.target, self.relation)


class DoTask(Decision):
    """Say that one of the twelve tasks after an incident was done, or was not after all."""

    verb = "task"

    task: Line = Field(description="restored, stakeholders, summary, monitoring, timeline …")
    done: bool = Field(True, description="Whether it is done.")
    text: Text = Field("", description="Where it can be seen.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.do_task(incident, self.task, done=self.done, text=self.text)


class AddAction(Decision):
    """Something that has to change."""

    verb = "action"

    text: Text = Field(description="What.")
    owner: Line = Field(description="The handle of who does it.")
    due: Moment = Field(description="Until when.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.add_action(incident, text=self.text, owner=self.owner, due=self.due.astimezone(UTC))


class FinishAction(Decision):
    """Say that an action item is done."""

    verb = "action-done"

    number: int = Field(ge=1, description="Its number.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.finish_action(incident, self.number)


class StateImpact(Decision):
    """Say what it cost, for the post-mortem."""

    verb = "impact"

    users: int | None = Field(None, ge=0, description="How many users it affected.")
    revenue: Text = Field("", description="What it cost, in money.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.state_impact(incident, users=self.users, revenue=self.revenue)


class Learn(Decision):
    """Write down what was learnt, for the post-mortem."""

    verb = "lesson"

    text: Text = Field(description="What, and how the like of it can be prevented.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.learn(self.text)


class SuspectBreach(Verb):
    """Say that data of people may have got into wrong hands: within 72 hours an authority has to be told."""

    verb = "breach"

    what: Text = Field(description="Whose data, and why that is suspected.")
    aware_at: Moment | None = Field(None, description="Since when it is known; without it: since now.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        now = desk.clock()
        aware_at = min((self.aware_at or self.at or now).astimezone(UTC), now)
        return desk.act(
            incident,
            lambda before: decisions.suspect_breach(before, what=self.what, aware_at=aware_at),
            by=by,
            at=self.at,
        )


class SettleLegal(Decision):
    """Say that the authority was told of a breach, or why nobody has to be."""

    verb = "legal"

    how: Text = Field(description="Which, and where it can be seen.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.settle_legal(incident, self.how)


class HandEvidenceOn(Decision):
    """Say who has a file of evidence from now on."""

    verb = "evidence-hand-on"

    evidence: Line = Field(description="Its name, or the beginning of its SHA-256.")
    to: Line = Field(description="Who has it from now on: a handle, or in free words.")
    note: Text = Field("", description="What for, and where it is.")

    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        return decisions.hand_evidence_on(incident, self.evidence, to=self.to, note=self.note)


class RemoveEvidence(Verb):
    """Delete a file of evidence, as where the law wants it; that it was there, and its SHA-256, stay."""

    verb = "evidence-remove"

    evidence: Line = Field(description="Its name, or the beginning of its SHA-256.")
    reason: Text = Field(description="Why.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it."""
        return removed(desk, incident, self.evidence, self.reason, by=by)


class Erase(Verb):
    """Erase what is stored of people with an incident that is closed; that it happened, and when, stays."""

    verb = "erase"

    reason: Text = Field(description="Why; it stays on the timeline, so name nobody.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it."""
        return desk.erase(incident, self.reason, by=by)


#: By their names, which are those of the commands and the ends of the addresses.
VERBS: dict[str, type[Verb]] = {
    one.verb: one for one in (*Decision.__subclasses__(), *Verb.__subclasses__()) if hasattr(one, "verb")
} | NOTICE_VERBS
