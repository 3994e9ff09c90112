"""How much is lost, measured: what an assessment starts from."""

from __future__ import annotations

from dataclasses import dataclass

from actinf.errors import NotMeasured
from actinf.responder.incident.severity import Signals, degradation, slowdown
from actinf.responder.measuring import queries
from actinf.responder.measuring.patience import Patience
from actinf.responder.measuring.port import Measurements

__all__ = ["Estimate", "impact"]

#: A request that is answered within this is quick enough, however much quicker it was before, seconds.
_QUICK = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What was measured.

    Attributes:
        signals: for `classify`; what could not be measured is not known.
        found: how that is known, or why not, one sentence each.
    """

    signals: Signals
    found: tuple[str, ...]


def impact(measurements: Measurements, kind: str = "", *, ask: queries.Impact | None = None) -> Estimate:
    """Measure what is lost against good times, and how many users meet it.

    Args:
        measurements: who is asked.
        kind: of incident, which bears on its severity as well.
        ask: the queries.
    """
    asked, ask = Patience(measurements), ask or queries.Impact()
    found: list[str] = []
    try:
        is_down = asked.number(ask.answering) == 0 or asked.number(ask.healthy) == 0
        if is_down:
            found.append("no replica of the API answers, or all say that they do not work")
        lost = [one for one in (_fewer(asked, ask, found), _slower(asked, ask, found)) if one is not None]
        users = asked.number(ask.users)
        found.append("users are not counted" if users is None else f"requests of at least {users:.0f} users fail")
    except NotMeasured as error:
        return Estimate(signals=Signals(labels={}, kind=kind), found=(*found, str(error)))
    signals = Signals(
        labels={},
        kind=kind,
        degradation=max(lost, default=None),
        affected_users=None if users is None else int(users),
        down=is_down,
    )
    return Estimate(signals=signals, found=tuple(found))


def _fewer(asked: Patience, ask: queries.Impact, found: list[str]) -> float | None:
    now, usual = asked.number(ask.errors), asked.number(ask.usual_errors)
    if now is None:
        found.append("nobody asks anything of the API, so that failures cannot be counted")
        return None
    # Without a past it is held against requests that never fail.
    lost = degradation(1.0 - now, 1.0 - (usual or 0.0))
    found.append(f"{now:.1%} of requests fail, usually {usual or 0.0:.1%}")
    return lost


def _slower(asked: Patience, ask: queries.Impact, found: list[str]) -> float | None:
    now, usual = asked.number(ask.latency), asked.number(ask.usual_latency)
    if now is None or usual is None:
        found.append("how long requests usually take is not known")
        return None
    found.append(f"95 % of requests are answered within {now:.3f} s, usually {usual:.3f} s")
    return slowdown(now, max(usual, _QUICK)) if now > _QUICK else 0.0
