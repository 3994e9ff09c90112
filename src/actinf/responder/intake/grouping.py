"""Which incident an alert belongs to.

Alerts that share their component and their root are one incident.  The root is what a label says it is: `root` where
somebody knows it, else the kind of incident, else the name of the alert.  So a storm of alerts with k roots ends in k
incidents; and where nobody knows the roots, and many differ at once, the first few open incidents and all the rest go
into one more.  What a part takes down with it is no second incident: an alert of a part that stands on another whose
incident has just opened joins that, and so does one of the part below.  What is private never meets what is not: joined
to a public incident it would be read by everybody, and the other way round nobody would see what they have to mend.

The functions are pure: which incidents stand, and what time it is, are arguments.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.errors import SettingError
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.fingerprint import partial_fingerprint

__all__ = ["GroupKey", "GroupingSettings", "Joins", "Opens", "Placement", "Reopens", "Standing", "group_of", "place"]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupingSettings:
    """How alerts are put together.

    Args:
        root_labels: labels that say what the root of an alert is; the first that it carries counts.
        window: an incident takes new alerts of its group for as long as the newest of them is not older than this.  The
            same alert once more belongs to it for as long as it is open.
        reopen_within: for how long after it was resolved an incident is opened again instead of a new one; 0: never.
        storm_window: how far back the opened incidents are counted, to see that it is a storm.
        storm_after: so many incidents opened within that window are a storm: what comes then goes into one more.
        together: for how long after an incident opened an alert of a part that depends on its own, or the other way
            round, is taken for the same; 0: never.

    Raises:
        SettingError: a number or a time is out of its range.
    """

    root_labels: tuple[str, ...] = ("root", "incident_type", "alertname")
    window: timedelta = timedelta(hours=1)
    reopen_within: timedelta = timedelta(minutes=30)
    storm_window: timedelta = timedelta(minutes=10)
    storm_after: int = 10
    together: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if self.storm_after < 1:
            raise SettingError(f"storm_after is {self.storm_after}: expected 1 or more")
        for name in ("window", "reopen_within", "storm_window", "together"):
            if getattr(self, name) < timedelta(0):
                raise SettingError(f"{name} is {getattr(self, name)}: expected no negative time")


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupKey:
    """What the alerts of an incident have in common.

    Args:
        component: the part of the system; "": they do not say.
        root: what is behind them.
        private: whether only those may see them who deal with security.
    """

    component: str
    root: str
    private: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """An incident that is open, or was until a short while ago, as far as an alert has to know it.

    Args:
        incident: its id.
        key: of its group.
        opened_at: when it was opened.
        newest_alert_at: when the last alert came that was new to it; the same one once more does not count.
        alerts: partial fingerprints of its alerts.
        resolved_at: when it was resolved; None: it is open.
        takes_storm: whether it is the one that takes the rest of a storm.
    """

    incident: str
    key: GroupKey
    opened_at: datetime
    newest_alert_at: datetime
    alerts: Collection[str]
    resolved_at: datetime | None = None
    takes_storm: bool = False


@dataclass(frozen=True, slots=True)
class Joins:
    """The alert belongs to an incident that is open.

    Args:
        incident: its id.
        is_new: whether it has no such alert yet.
        why: in a sentence.
    """

    incident: str
    is_new: bool
    why: str


@dataclass(frozen=True, slots=True)
class Reopens:
    """The alert belongs to an incident that was resolved too soon.

    Args:
        incident: its id.
        why: in a sentence.
    """

    incident: str
    why: str


@dataclass(frozen=True, slots=True)
class Opens:
    """The alert opens an incident.

    Args:
        key: of the new incident's group.
        takes_storm: whether the new incident takes the rest of a storm.
        why: in a sentence.
    """

    key: GroupKey
    takes_storm: bool
    why: str


Placement = Joins | Reopens | Opens


def group_of(alert: Alert, settings: GroupingSettings | None = None) -> GroupKey:
    """The group that an alert belongs to.

    Args:
        alert: the alert.
        settings: which labels name the root; None: the defaults.
    """
    settings = settings or GroupingSettings()
    roots = (alert.labels.get(name, "").strip() for name in settings.root_labels)
    return GroupKey(
        component=alert.component.strip(),
        root=next((root for root in roots if root), alert.name),
        private=alert.is_private,
    )


def place(
    alert: Alert,
    standing: Collection[Standing],
    at: datetime,
    settings: GroupingSettings | None = None,
    *,
    bound_to: Collection[str] = (),
    may_take: Callable[[str], bool] = lambda _: True,
) -> Placement:
    """The incident that a firing alert belongs to.

    Args:
        alert: the alert.
        standing: the incidents that are open, and those resolved within `reopen_within`; not those that were found to
            be no incident, nor those merged into another.  Those opened within `storm_window` must all be among them.
        at: the time now.
        settings: None: the defaults.
        bound_to: keys of the components on which its own stands, and of those that stand on it.
        may_take: whether an incident, by its id, is grave enough to take the alert of such a component: what is worse
            than all that is known pages anew.

    Returns:
        That it joins one, reopens one, or opens one.
    """
    settings = settings or GroupingSettings()
    key, partial = group_of(alert, settings), partial_fingerprint(alert.labels)
    # The newest first.
    near = sorted(
        (one for one in standing if one.key.private == key.private), key=lambda one: one.opened_at, reverse=True
    )
    is_open = [one for one in near if one.resolved_at is None]
    for one in is_open:
        if partial in one.alerts:
            return Joins(one.incident, False, "it has this alert already")
    for one in is_open:
        if one.key == key and not one.takes_storm and at - one.newest_alert_at <= settings.window:
            return Joins(one.incident, True, f"the same component and root: {_named(key)}")
    for one in near:
        if (one.key == key or partial in one.alerts) and _was_resolved_lately(one, at, settings):
            return Reopens(one.incident, "it was resolved a short while ago, and the same came back")
    for one in is_open:
        is_near = one.key.component in bound_to and not one.takes_storm and at - one.opened_at <= settings.together
        if is_near and may_take(one.incident):
            return Joins(one.incident, True, f"{key.component} and {one.key.component}: one depends on the other")
    return _beyond(key, near, at, settings)


def _beyond(key: GroupKey, near: list[Standing], at: datetime, settings: GroupingSettings) -> Placement:
    """Where an alert goes that belongs to no incident: to the one of a storm, if there is one, else to a new one."""
    opened = sum(not one.takes_storm and at - one.opened_at <= settings.storm_window for one in near)
    if opened < settings.storm_after:
        return Opens(key, False, f"nothing open has the same component and root: {_named(key)}")
    for one in near:
        if one.takes_storm and one.resolved_at is None and at - one.newest_alert_at <= settings.window:
            return Joins(one.incident, True, f"a storm: {opened} incidents were opened within a short while")
    storm = GroupKey(component="several", root="a storm of alerts", private=key.private)
    return Opens(storm, True, f"{opened} incidents were opened within a short while: this one takes the rest")


def _was_resolved_lately(one: Standing, at: datetime, settings: GroupingSettings) -> bool:
    # What a storm is made of has nothing in common that could come back.
    if one.resolved_at is None or one.takes_storm:
        return False
    return at - one.resolved_at < settings.reopen_within


def _named(key: GroupKey) -> str:
    return f"{key.component or 'no component'}, {key.root}"
