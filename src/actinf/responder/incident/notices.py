"""What the public was told of an incident, as its events make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from actinf.responder.incident.event import ERASED, Recorded
from actinf.responder.incident.notice_events import Ground, NoticePublished, NoticeWithheld
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.page import NoticeState, Working

__all__ = ["PublicNotice", "Said", "Withheld", "published", "withheld"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that the public was told.

    Attributes:
        number: of the event.
        at: when it was published.
        by: who published it; "actinf": nobody.
        state, impact: how it stood, and how well the components worked.
        components: keys of the public components that it was about.
        text: as it is shown.
        is_template: whether nobody wrote it.
        override: why it was told although it usually is not.
        ground: whence the impact is known.
    """

    number: int
    at: datetime
    by: str
    state: NoticeState
    impact: Working
    components: tuple[str, ...]
    text: str
    is_template: bool
    override: str = ""
    ground: Ground = Ground.SEVERITY


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNotice:
    """What the public was told of an incident.

    Attributes:
        title: one line.
        updates: what was said, the oldest first; at least one.
    """

    title: str
    updates: tuple[Said, ...]

    @property
    def last(self) -> Said:
        """What was said last."""
        return self.updates[-1]

    @property
    def is_out(self) -> bool:
        """Whether the public waits for more of it."""
        return not self.last.state.ends

    @property
    def impact(self) -> Working:
        """How well the components work while it goes on; afterwards, how well they did.

        What was measured to be better was the way back, and not how bad it had been.
        """
        said = [one.impact for one in self.updates if one.ground is not Ground.MEASURED]
        return said[-1] if said and not self.is_out else self.last.impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """That the public is not told, who said so, why, and how severe the incident was then."""

    at: datetime
    by: str
    reason: str
    severity: Severity


def published(before: PublicNotice | None, event: NoticePublished, one: Recorded) -> PublicNotice:
    """What the public knows after one more update; what was erased of it is told in the words of the template."""
    was_written = event.text not in ("", ERASED)
    said = Said(
        number=one.number,
        at=one.recorded_at,
        by=one.by,
        state=event.state,
        impact=event.impact,
        components=event.components,
        text=event.text if was_written else event.standard_text,
        is_template=not was_written,
        override=event.override,
        ground=event.ground,
    )
    title = event.title if event.title not in ("", ERASED) else ""
    if before is None:
        return PublicNotice(title=title or event.standard_title, updates=(said,))
    return replace(before, title=title or before.title, updates=(*before.updates, said))


def withheld(event: NoticeWithheld, one: Recorded, severity: Severity) -> Withheld:
    """That the public is not told."""
    return Withheld(at=one.recorded_at, by=one.by, reason=event.reason, severity=severity)
