"""What people may do with what the public is told of an incident, and which events come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident.decisions import LONGEST_TEXT
from actinf.responder.incident.event import Event
from actinf.responder.incident.notice_events import Ground, NoticePublished, NoticeWithheld
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.publishing.unattended import draft
from actinf.responder.publishing.work import LONGEST_NOTICE, LONGEST_TITLE

__all__ = ["STATES", "Wording", "public_keys", "publish", "update", "withhold"]

#: The states that a notice of an incident can be in.
STATES = (
    NoticeState.INVESTIGATING,
    NoticeState.IDENTIFIED,
    NoticeState.MONITORING,
    NoticeState.RESOLVED,
    NoticeState.WITHDRAWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What somebody says in the place of what follows from the incident; empty and None: what follows from it.

    Attributes:
        title, text: for the public.
        state, impact: how it stands, and how well the components work.
        components: of the catalogue, by any of their names; None: those that follow; of none: no one in particular.
        override: why it is told although it usually is not.
    """

    title: str = ""
    text: str = ""
    state: NoticeState | None = None
    impact: Working | None = None
    components: Sequence[str] | None = None
    override: str = ""


def publish(incident: Incident, wording: Wording, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
    """Tell the public of an incident, or tell it something else.

    Raises:
        OutOfTurn: it is not told usually, and nothing says why it is; or it goes on as another.
        SettingError: a text is too long, or what is private has no words of its own.
    """
    if incident.merged_into:
        raise OutOfTurn(f"{incident.id} goes on as {incident.merged_into}: publish that one")
    override = wording.override.strip()
    if incident.notice is None:
        _look_at_reason(incident, override)
    return (_published(incident, wording, catalogue, service, override),)


def update(incident: Incident, wording: Wording, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
    """Tell the public more of what it knows.

    Raises:
        OutOfTurn: it knows nothing of it.
        SettingError: nothing is said.
    """
    if incident.notice is None:
        raise OutOfTurn(f"the public was told nothing of {incident.id} yet: actinf status publish {incident.id}")
    if not wording.text.strip():
        raise SettingError("text is empty: say in a few words what users should know")
    return publish(incident, wording, catalogue, service)


def withhold(incident: Incident, reason: str) -> tuple[Event, ...]:
    """Keep an incident from the public, which would else be told of it by itself, or which somebody has to decide.

    Raises:
        OutOfTurn: it is told already, or never is by itself.
        SettingError: the reason is empty or too long.
    """
    name = incident.id
    if not incident.is_open:
        raise OutOfTurn(f"{name} is not open: nothing is published of it any more by itself")
    if incident.notice is not None and incident.notice.is_out:
        raise OutOfTurn(
            f"{name} is on the status page since {incident.notice.updates[0].at:%Y-%m-%d %H:%M} UTC: take it back in "
            f"words that users read, actinf status update {name} TEXT --state withdrawn"
        )
    if incident.severity is Severity.P3:
        raise OutOfTurn(f"{name} is P3, of which nothing is published by itself")
    if incident.withheld is not None:
        raise OutOfTurn(f"{name} is withheld already, by {incident.withheld.by}: {incident.withheld.reason}")
    said = reason.strip()
    if not said:
        raise SettingError("reason is empty: say in a few words why the public is not told")
    if len(said) > LONGEST_TEXT:
        raise SettingError(f"reason has {len(said):,} characters, of which {LONGEST_TEXT:,} are taken")
    return (NoticeWithheld(reason=said),)


def _look_at_reason(incident: Incident, override: str) -> None:
    if override:
        return
    if incident.private:
        raise OutOfTurn(
            f"{incident.id} is private: what is published of it everybody reads, and so does an intruder. Where it is "
            "to be, say why (`override`; --override REASON), and give it a title and a text of its own"
        )
    if incident.severity is Severity.P3:
        raise OutOfTurn(
            f"{incident.id} is P3, of which the public is not told: say why it is nonetheless (`override`; --override "
            "REASON), or change its severity"
        )


def _published(
    incident: Incident, wording: Wording, catalogue: Catalogue, service: str, override: str
) -> NoticePublished:
    title = _said("title", " ".join(wording.title.split()), LONGEST_TITLE)
    text = _said("text", wording.text.strip(), LONGEST_NOTICE)
    state, impact, components = wording.state, wording.impact, _keys(wording.components, catalogue)
    ground = Ground.SEVERITY if impact is None else Ground.PERSON
    last = incident.notice.last if incident.notice is not None else None
    if incident.private:
        if not text or (last is None and not title):
            raise SettingError(
                f"{incident.id} is private, and nothing is told of it but what you write: give a title and a text"
            )
        state, impact = state or NoticeState.INVESTIGATING, impact or Working.OPERATIONAL
        ground = Ground.PERSON
        components = components if components is not None else ()
    if last is not None:
        state = wording.state or last.state
        impact, ground = (last.impact, last.ground) if wording.impact is None else (wording.impact, Ground.PERSON)
        components = _keys(wording.components, catalogue)
        components = components if components is not None else last.components
    drafted = draft(incident, catalogue, service, state=state, impact=impact, components=components, ground=ground)
    if drafted.state not in STATES:
        raise SettingError(f"state is {drafted.state.value!r}: expected one of {', '.join(STATES)}")
    if last is not None and not (title or text):
        said = (last.state, last.impact, last.components)
        if (drafted.state, drafted.impact, drafted.components) == said:
            raise OutOfTurn(f"the public knows that of {incident.id} already: say something else, or in other words")
    return drafted.event(title=title, text=text, override=override)


def _keys(names: Sequence[str] | None, catalogue: Catalogue) -> tuple[str, ...] | None:
    return None if names is None else public_keys(names, catalogue)


def public_keys(names: Sequence[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The keys of public parts by any of their names, in the order of the catalogue.

    Raises:
        SettingError: users do not know one.
    """
    public = {one.key: one for one in catalogue.public_parts()}
    by_public_name = {one.public.name.casefold(): one.key for one in public.values() if one.public is not None}
    found = []
    for name in filter(None, (one.strip() for one in names)):
        part = catalogue.find(name)
        key = part.key if part is not None and part.key in public else by_public_name.get(name.casefold())
        if key is None:
            known = ", ".join(public) or "none: give one a public name, actinf incident catalogue --set FILE"
            raise SettingError(f"component is {name[:80]!r}, which users do not know: expected one of {known}")
        found.append(key)
    return tuple(key for key in public if key in found)


def _said(name: str, text: str, most: int) -> str:
    if len(text) > most:
        raise SettingError(f"{name} has {len(text):,} characters, of which {most:,} are taken: users read it in haste")
    return text
