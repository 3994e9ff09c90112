"""Inferring states from a sequence of observations; nothing is planned and nothing is kept."""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from actinf.agent import Agent
from actinf.agent.session import Perceived, Session
from actinf.errors import BudgetError, ObservationError
from actinf.inference.exact import Exact
from actinf.lab.experiment import AgentSettings
from actinf.lab.experiment_file import read_agent
from actinf.model import Model
from actinf.planning.exhaustive import Exhaustive
from actinf.service.access.principal import Principal
from actinf.service.context import Parts
from actinf.service.inference.schemas import Inference, InferenceReply
from actinf.service.models import service as models
from actinf.service.protection.admission import Admission
from actinf.service.protection.crew import Crew

__all__ = ["Observers", "infer"]

_INLINE_SECONDS = 0.002
_MOST_SECONDS = 10.0
_MOST_NUMBERS = 1_000_000
_MOST_IDLE = 64


@dataclass(slots=True)
class _Observer:
    """A session that only perceives, and what an observation took it; None before the first."""

    session: Session
    seconds: float | None = None


class Observers:
    """Sessions that stand ready to perceive: to make one takes longer than a short sequence."""

    def __init__(self, admission: Admission, crew: Crew):
        self._admission = admission
        self._crew = crew
        admission.gives_way(self._let_go)
        self._idle: OrderedDict[Agent, _Observer] = OrderedDict()

    async def take(self, agent: Agent, nbytes: int) -> _Observer:
        """One that nobody else uses, before its first observation; give it back.

        Args:
            agent: whose.
            nbytes: the estimate of what a session of it takes.

        Raises:
            ServiceUnavailable: there is no room for it now.
        """
        observer = self._idle.pop(agent, None)
        if observer is None:
            with self._admission.work(f"an agent of the model {agent.model.name!r}", nbytes):
                session = await self._crew.run(agent.start)
            self._admission.keep(session, session.nbytes)
            return _Observer(session)
        observer.session.next_episode()
        return observer

    def give_back(self, observer: _Observer) -> None:
        """Keep it for the next request."""
        self._idle[observer.session.agent] = observer
        while len(self._idle) > _MOST_IDLE:
            self._idle.popitem(last=False)

    def _let_go(self) -> bool:
        return bool(self._idle) and self._idle.popitem(last=False) is not None


async def infer(parts: Parts, principal: Principal, asked: Inference) -> InferenceReply:
    """The posterior over states after each observation, and the free energy of each.

    Raises:
        NotFound: there is no such model.
        ModelError, SettingError: with what is wrong in the model or the settings.
        ObservationError: the model does not know an observation or an action, or excludes it; its index is named.
        BudgetError: the reply would be too large, or inference takes too long.
    """
    model = await _model(parts, principal, asked)
    numbers = len(asked.observations) * sum(model.num_states)
    if numbers > _MOST_NUMBERS:
        raise BudgetError(
            f"the posteriors of {len(asked.observations):,} observations over {sum(model.num_states):,} states are "
            f"{numbers:,} numbers: at most {_MOST_NUMBERS:,} are replied; send fewer observations at once"
        )
    settings = read_agent({"inference": asked.inference, "dtype": asked.dtype})
    agent = await parts.library.agent(model, _without_planning(settings, model))
    executed = _between(asked, agent)
    observer = await parts.observers.take(agent, parts.library.estimate(agent).bytes_per_thread)
    try:
        if observer.seconds is None or observer.seconds * len(executed) > _INLINE_SECONDS:
            found = await parts.crew.run(_filtered, observer, asked.observations, executed)
        else:
            found = _filtered(observer, asked.observations, executed)
    finally:
        parts.observers.give_back(observer)
    return _reply(model, found, exact=isinstance(settings.inference, Exact))


async def _model(parts: Parts, principal: Principal, asked: Inference) -> Model:
    if not isinstance(asked.model, str):
        return await parts.library.stated(principal.workspace, asked.model)
    async with parts.engine.connect() as connection:
        model, _ = await models.find(parts.library, connection, principal.workspace, asked.model)
    return model


def _without_planning(settings: AgentSettings, model: Model) -> AgentSettings:
    """Settings under which nothing is made ready for planning: one policy, or as many as the model has habits for."""
    planner = Exhaustive()
    if model.controls:
        num_policies = 1 if model.E is None else len(model.E)
        planner = Exhaustive(policies=np.zeros((num_policies, 1, len(model.controls)), dtype=np.int64))
    return AgentSettings(inference=settings.inference, planner=planner, dtype=settings.dtype)


def _between(asked: Inference, agent: Agent) -> list[Any]:
    """What was executed before each observation; None before the first."""
    given, needed = asked.actions, len(asked.observations) - 1
    if given is None and needed and len(agent.actions.digits) > 1:
        raise ObservationError(
            f"there are no actions between the {needed + 1:,} observations, and the model has "
            f"{len(agent.actions.digits):,}: give `actions`, one fewer than there are observations"
        )
    if given is not None and len(given) != needed:
        raise ObservationError(
            f"there are {len(given):,} actions and {needed + 1:,} observations: expected {needed:,} actions, one "
            "between each two observations"
        )
    return [None, *(given if given is not None else [None] * needed)]


def _filtered(observer: _Observer, observations: Sequence[Any], executed: Sequence[Any]) -> list[Perceived]:
    """What is believed after each observation."""
    session, found = observer.session, []
    started = time.perf_counter()
    for index, observation in enumerate(observations):
        try:
            found.append(session.perceive(observation, executed=executed[index]))
        except ObservationError as error:
            raise type(error)(f"observations[{index}]: {error}") from None
        if time.perf_counter() - started > _MOST_SECONDS:
            raise BudgetError(
                f"inference took longer than {_MOST_SECONDS:g} s: {index + 1:,} of {len(observations):,} observations "
                "were done by then; send fewer at once, or make a simulation of it"
            )
    observer.seconds = (time.perf_counter() - started) / len(observations)
    return found


def _reply(model: Model, found: Sequence[Perceived], *, exact: bool) -> InferenceReply:
    F = [one.F if math.isfinite(one.F) else None for one in found]
    total = math.fsum(one.F for one in found)
    return InferenceReply.model_construct(
        model=model.hash,
        qs={factor.name: [one.qs[factor.name].tolist() for one in found] for factor in model.factors},
        F=F,
        total_F=total if math.isfinite(total) else None,
        log_evidence=0.0 - total if exact and math.isfinite(total) else None,
    )
