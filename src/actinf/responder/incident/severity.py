"""How severe an incident is, and why: P0 to P3.

Each thing that is known of it is a piece of evidence for one severity, and the most severe one decides.  So nothing
that is learnt in addition about the damage makes an incident milder, and what a label says is neither a floor nor a
ceiling but one piece among the others: a label P3 does not hold down a measured loss of 60 %, and a label P1 stands
although nothing was measured yet.  A suspicion of lost data or of a breach is P0 whatever else is said; a person may
then set another severity by hand, with a reason.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from actinf.errors import SettingError

__all__ = [
    "LIMITS",
    "Judgement",
    "Limits",
    "Severity",
    "SeveritySettings",
    "Signals",
    "classify",
    "degradation",
    "is_marked",
    "signals_of",
    "slowdown",
]


class Severity(StrEnum):
    """How severe an incident is.  `P0 < P1 < P2 < P3`: the least is the most severe, as `min` finds it."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def word(self) -> str:
        """What people call it: critical, high, medium or low."""
        return {"P0": "critical", "P1": "high", "P2": "medium", "P3": "low"}[self.value]

    @property
    def limits(self) -> "Limits":
        """How soon somebody has to respond to it, and it has to be resolved."""
        return LIMITS[self]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is promised for a severity, on the wall clock, counted from the detection.

    Args:
        response: until somebody has acknowledged it.
        resolution: until it is resolved.
    """

    response: timedelta
    resolution: timedelta


#: What is promised.
LIMITS: Mapping[Severity, Limits] = MappingProxyType(
    {
        Severity.P0: Limits(response=timedelta(minutes=15), resolution=timedelta(hours=2)),
        Severity.P1: Limits(response=timedelta(hours=1), resolution=timedelta(hours=8)),
        Severity.P2: Limits(response=timedelta(hours=4), resolution=timedelta(hours=24)),
        Severity.P3: Limits(response=timedelta(hours=24), resolution=timedelta(weeks=1)),
    }
)

#: From this loss on it is P1.  Half counts as P1: where it could be either, the more severe one holds.
_MUCH = 0.5
#: What a quotient of two measurements may miss by rounding.
_ROUNDING = 1e-9

#: How severe a weakness is that a scanner found: who would use a critical one does not wait for the morning, and none
#: of them is a breach.
_WEAKNESSES = {"critical": Severity.P1, "high": Severity.P2, "medium": Severity.P3, "low": Severity.P3}
_WORDS = {
    "p0": Severity.P0,
    "critical": Severity.P0,
    "p1": Severity.P1,
    "high": Severity.P1,
    "page": Severity.P1,
    "fatal": Severity.P1,
    "p2": Severity.P2,
    "medium": Severity.P2,
    "error": Severity.P2,
    "warning": Severity.P2,
    "p3": Severity.P3,
    "low": Severity.P3,
    "info": Severity.P3,
    "debug": Severity.P3,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SeveritySettings:
    """What a team means by the words of the severities.

    Args:
        few_users: from how many affected users on they are a few (P2); fewer are a single one (P3).
        multiple_users: from how many on they are multiple (P1).
        severity_labels: labels that name a severity; the first that an alert carries counts.
        severity_words: what the values of these labels mean, in lower case.
        major_labels: labels, as pairs of name and value, that say that major functionality is impacted (P1).
        minor_labels: the same for minor functionality (P2).
        cosmetic_labels: the same for what is cosmetic, or only a matter of documentation (P3).
        data_loss_kinds: kinds of incidents that are a loss or corruption of data (P0).
        security_kinds: kinds of incidents that are, or may be, a breach (P0).

    Raises:
        SettingError: the numbers of users are not in order.
    """

    few_users: int = 2
    multiple_users: int = 10
    severity_labels: tuple[str, ...] = ("severity", "level")
    severity_words: Mapping[str, Severity] = field(default_factory=lambda: dict(_WORDS))
    major_labels: frozenset[tuple[str, str]] = frozenset({("impact", "major")})
    minor_labels: frozenset[tuple[str, str]] = frozenset({("impact", "minor")})
    cosmetic_labels: frozenset[tuple[str, str]] = frozenset({("impact", "cosmetic"), ("impact", "documentation")})
    data_loss_kinds: frozenset[str] = frozenset({"data_loss", "data_corruption"})
    security_kinds: frozenset[str] = frozenset({"security"})

    def __post_init__(self) -> None:
        if not 1 <= self.few_users <= self.multiple_users:
            raise SettingError(
                f"few_users is {self.few_users} and multiple_users {self.multiple_users}: expected 1 or more, "
                "and multiple_users not below few_users"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What is known of an incident that bears on its severity.

    Args:
        labels: of its alerts.
        degradation: the share of performance that is lost, 0 to 1; None: not known.
        affected_users: how many users it affects; None: not known.
        kind: of incident: api_down, database_performance, high_memory, security, …; "": not known.
        data_loss: data was lost or corrupted, or may have been.
        security: there is evidence that somebody got in.
        down: the system is down altogether.
        cosmetic: it is a matter of looks or of documentation.
        weakness: how bad a weakness is that was found before anybody is known to have used it: critical, high, medium
            or low; "": it is none.

    Raises:
        SettingError: a number is out of its range.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    degradation: float | None = None
    affected_users: int | None = None
    kind: str = ""
    data_loss: bool = False
    security: bool = False
    down: bool = False
    cosmetic: bool = False
    weakness: str = ""

    def __post_init__(self) -> None:
        if self.degradation is not None and not 0 <= self.degradation <= 1:
            raise SettingError(f"degradation is {self.degradation}: expected a share from 0 to 1, or None")
        if self.affected_users is not None and self.affected_users < 0:
            raise SettingError(f"affected_users is {self.affected_users}: expected 0 or more, or None")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A severity with its reasons.

    Args:
        severity: what it is.
        reasons: what speaks for it, in plain words; the one that decided comes first.
    """

    severity: Severity
    reasons: tuple[str, ...]


def classify(signals: Signals, settings: SeveritySettings | None = None) -> Judgement:
    """How severe an incident is, by all that is known of it.

    The most severe piece of evidence decides.  Where there is none it is P2: neither is anybody woken for what may be
    nothing, nor does it wait in the queue.

    Args:
        signals: what is known.
        settings: what the words mean; None: the defaults.

    Returns:
        The severity, and each piece of evidence as a reason, the most severe first.

    Example:
        >>> classify(Signals(degradation=0.5, affected_users=3)).reasons[0]
        'P1: performance is down by 50 %; from 50 % on it is high'
    """
    settings = settings or SeveritySettings()
    evidence = sorted(_evidence(signals, settings), key=lambda piece: piece[0])
    reasons = [f"{severity}: {why}" for severity, why in evidence]
    severity = evidence[0][0] if evidence else Severity.P2
    if not evidence:
        reasons.append("P2: nothing is known yet that says how severe it is")
    return Judgement(severity=severity, reasons=(*reasons, *_unread_label(signals, settings)))


def signals_of(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Signals:
    """What an alert says that bears on the severity.

    `degradation` ("0.62" or "62 %"), `affected_users`, `data_loss`, `security_breach`, `down` and `cosmetic` ("true")
    may be labels or annotations, `weakness` is a label; a number that cannot be read is one that is not known.

    Args:
        labels: of the alert.
        annotations: of the alert.
    """
    said = {**annotations, **labels}

    def is_set(name: str) -> bool:
        return is_marked(name, labels, annotations)

    return Signals(
        labels=labels,
        degradation=_share(said.get("degradation", "")),
        affected_users=_count(said.get("affected_users", "")),
        kind=labels.get("incident_type", ""),
        data_loss=is_set("data_loss"),
        security=is_set("security_breach"),
        down=is_set("down"),
        cosmetic=is_set("cosmetic"),
        weakness=_weakness(labels.get("weakness", "")),
    )


def is_marked(name: str, labels: Mapping[str, str], annotations: Mapping[str, str]) -> bool:
    """Whether a label of an alert, else an annotation, says that something is so: "true", "yes" or "1"."""
    return labels.get(name, annotations.get(name, "")).strip().lower() in {"true", "yes", "1"}


def degradation(measured: float, baseline: float) -> float | None:
    """The share of performance that is lost, where more is better (requests answered, steps a second).

        1 − measured / baseline, within 0 to 1

    Args:
        measured: what it is now.
        baseline: what it is in good times, in the same unit.

    Returns:
        The share; None where it cannot be said: no number, a negative one, or a baseline of nothing.
    """
    if not (_is_amount(measured) and _is_amount(baseline) and baseline > 0):
        return None
    return min(1.0, max(0.0, 1.0 - measured / baseline))


def slowdown(measured: float, baseline: float) -> float | None:
    """The share of performance that is lost, where less is better: what takes twice as long has lost half.

        1 − baseline / measured, within 0 to 1

    Args:
        measured: how long it takes now.
        baseline: how long it takes in good times, in the same unit.

    Returns:
        The share; None where it cannot be said: no number, a negative one, or a baseline of nothing.
    """
    if measured == 0 and _is_amount(baseline) and baseline > 0:
        return 0.0
    if not (_is_amount(measured) and _is_amount(baseline) and baseline > 0):
        return None
    return max(0.0, 1.0 - baseline / measured)


def _evidence(signals: Signals, settings: SeveritySettings) -> Iterator[tuple[Severity, str]]:
    """Each thing that is known, with the severity that it speaks for."""
    if signals.data_loss or signals.kind in settings.data_loss_kinds:
        yield Severity.P0, "data is lost or corrupted, or may be"
    if signals.security:
        yield Severity.P0, "security: there is evidence of a breach"
    elif signals.weakness:
        yield _WEAKNESSES[signals.weakness], f"a weakness that is {signals.weakness}; nothing says that anybody used it"
    elif signals.kind in settings.security_kinds:
        yield Severity.P0, "security: it counts as a breach until somebody has looked"
    if signals.down:
        yield Severity.P0, "the system is down altogether"
    if signals.degradation is not None:
        yield from _of_degradation(signals.degradation)
    if signals.affected_users is not None:
        yield _of_users(signals.affected_users, settings)
    yield from _of_labels(signals, settings)
    if signals.cosmetic:
        yield Severity.P3, "it is cosmetic, or a matter of documentation"


def _of_degradation(lost: float) -> Iterator[tuple[Severity, str]]:
    if lost >= 1:
        yield Severity.P0, "performance is down by 100 %: nothing gets through"
    elif lost >= _MUCH - _ROUNDING:
        yield Severity.P1, f"performance is down by {_percent(lost)}; from 50 % on it is high"
    elif lost > 0:
        yield Severity.P2, f"performance is down by {_percent(lost)}; below 50 % it is medium"
    # No loss is no evidence: something else than what was measured is wrong.


def _of_users(users: int, settings: SeveritySettings) -> tuple[Severity, str]:
    if users >= settings.multiple_users:
        return Severity.P1, f"{users} users are affected; from {settings.multiple_users} on they are multiple"
    if users >= settings.few_users:
        return Severity.P2, f"{users} users are affected; below {settings.multiple_users} they are few"
    return Severity.P3, {0: "no user is affected so far", 1: "a single user is affected"}.get(
        users, f"{users} users are affected; below {settings.few_users} they count as a single one"
    )


def _of_labels(signals: Signals, settings: SeveritySettings) -> Iterator[tuple[Severity, str]]:
    name = _severity_label(signals, settings)
    if name is not None:
        value = signals.labels[name]
        severity = settings.severity_words.get(value.strip().lower())
        if severity is not None:
            yield severity, f"the label {name} of the alert says {value.strip()}"
    pairs = set(signals.labels.items())
    for labels, severity, what in (
        (settings.major_labels, Severity.P1, "major functionality is impacted"),
        (settings.minor_labels, Severity.P2, "minor functionality is impacted"),
        (settings.cosmetic_labels, Severity.P3, "it is cosmetic, or a matter of documentation"),
    ):
        if pairs & labels:
            yield severity, f"{what}, says the label {min(pairs & labels)[0]} of the alert"


def _unread_label(signals: Signals, settings: SeveritySettings) -> tuple[str, ...]:
    """A word about a label that names no severity that is known."""
    name = _severity_label(signals, settings)
    if name is None or signals.labels[name].strip().lower() in settings.severity_words:
        return ()
    return (f"not used: the label {name} says {signals.labels[name][:40]!r}, which is no severity",)


def _severity_label(signals: Signals, settings: SeveritySettings) -> str | None:
    return next((name for name in settings.severity_labels if signals.labels.get(name, "").strip()), None)


def _percent(share: float) -> str:
    """A share as it is said, rounded down, so that 49.9 % are not shown as the 50 % that would be P1."""
    return f"{math.floor(share * 100 + _ROUNDING)} %" if share >= 0.01 else "less than 1 %"


def _is_amount(number: float) -> bool:
    return math.isfinite(number) and number >= 0


def _share(text: str) -> float | None:
    """A share that somebody wrote, as 0.62 or 62 %."""
    text = text.strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _weakness(text: str) -> str:
    """How bad a weakness is, where that is said in a word that is known; else it counts as what it is without it."""
    word = text.strip().lower()
    return word if word in _WEAKNESSES else ""


def _count(text: str) -> int | None:
    """A number of users that somebody wrote; PromQL writes whole numbers as floats, too."""
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if _is_amount(number) else None
