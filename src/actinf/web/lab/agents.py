"""The page of an agent: give it an observation, see what it believes, what it does and why."""

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.agent import Agent, Snapshot
from actinf.agent.prediction import Prediction
from actinf.errors import BudgetError, IdempotencyError, NotFound
from actinf.service.access.sessions import Visit
from actinf.service.agents import service as agents
from actinf.service.agents.schemas import Reset
from actinf.service.context import Asking, Transaction, changing, parts_of
from actinf.service.idempotency import once
from actinf.service.steps import repository as taken
from actinf.service.steps import service as steps
from actinf.service.steps.record import asked, check_asked
from actinf.service.steps.schemas import Executed, NewStep
from actinf.web.lab.pages import page
from actinf.web.lab.stepped import COURSE, Bench, PastStep, ShownStep, observed_in_words
from actinf.web.lab.visitors import Reader, Runner
from actinf.web.markup import is_part, key_of_form, new_form_key

__all__ = ["router"]

router = APIRouter(prefix="/agents")

STRIP = 60
StepNumber = Annotated[int, Path(ge=0, lt=2**62)]


@router.get("/{agent}")
async def show_agent(
    agent: UUID, request: Request, visit: Reader, step: Annotated[int | None, Query(ge=0, lt=2**62)] = None
) -> Response:
    """An agent with one of its steps, the last one where none is named."""
    return await _shown(request, visit, agent, step)


@router.get("/{agent}/steps/{step}.json")
async def step_as_json(agent: UUID, step: StepNumber, request: Request, visit: Reader) -> Response:
    """A step as the API gives it."""
    shown = await steps.one_step(parts_of(request), visit.principal, agent, step)
    return Response(shown, media_type="application/json")


@router.post("/{agent}/steps")
async def take_step(agent: UUID, request: Request, visit: Runner) -> Response:
    """Give an agent the observation of the form, or one that is drawn from what it expects."""
    parts, form = parts_of(request), await request.form()
    async with parts.engine.connect() as connection:
        row = await parts.hot.row_of(connection, visit.principal.workspace, agent)
    live = await parts.hot.revived(row)
    if form.get("by") == "world":
        observation: dict[str, Any] = await parts.crew.run(
            lambda: Prediction.of(live.agent, live.session.snapshot()).draw(np.random.default_rng())
        )
    else:
        observation = {
            modality.name: _named(form.get(f"o{m}"), modality.outcomes)
            for m, modality in enumerate(live.agent.model.modalities)
        }
    wanted = NewStep(
        observation=observation,
        executed=_executed(live.agent, live.session.snapshot(), form),
        step=_whole(form.get("step")),
        include=["terms"] if _can_be_explained(live.agent) else [],
    )
    # Sent again, because the reply was lost, a form is read against where the agent stands now, and so says something
    # else than at first: its key was used, the step was taken, and that is what there is to show.
    with suppress(IdempotencyError):
        await steps.take(parts, visit.principal, agent, wanted, key_of_form(form))
    return await _shown(request, visit, agent, None) if is_part(request) else RedirectResponse(f"/agents/{agent}", 303)


@router.post("/{agent}/episodes")
async def begin_episode(agent: UUID, request: Request, visit: Runner) -> Response:
    """Begin an agent's next episode."""
    parts, form = parts_of(request), await request.form()
    how, operation = Reset(carry_counts=form.get("forget") is None), f"agents.reset {agent}"
    # What was sent again otherwise, without looking at the page that the first answer was, was done when it was first
    # sent.  The transaction is begun after the form was read: a body that is slow holds no connection.
    with suppress(IdempotencyError):
        async with changing(parts) as changes:
            asking = Asking(visit.principal, changes, parts)
            await once(asking, key_of_form(form), operation, how, lambda: agents.reset(asking, agent, how), status=200)
    return RedirectResponse(f"/agents/{agent}", 303)


@router.post("/{agent}/delete")
async def delete_agent(agent: UUID, request: Request, visit: Runner, changes: Transaction) -> Response:
    """Remove an agent and all its steps."""
    await agents.delete(Asking(visit.principal, changes, parts_of(request)), agent)
    return RedirectResponse("/", 303)


def _whole(value: Any) -> int | None:
    """The whole number in a field of the form; None where there is none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _named(value: Any, names: tuple[str, ...]) -> str | None:
    """The name that the index in a field of the form means; None where the field says that it is missing."""
    index = _whole(value)
    return names[index] if index is not None and index < len(names) else None


def _executed(agent: Agent, snapshot: Snapshot, form: Any) -> Executed | None:
    """What the form says was executed; None where it is what was chosen, or where nothing was."""
    if snapshot.time == 0:
        return None
    chosen = agent.actions.named(snapshot.action)
    told: Executed = {
        control.name: _named(form.get(f"e{c}"), control.actions) or chosen[control.name]
        for c, control in enumerate(agent.model.controls)
    }
    return None if told == chosen else told


def _can_be_explained(agent: Agent) -> bool:
    try:
        check_asked(agent, ["terms"])
    except BudgetError:
        return False
    return True


async def _shown(request: Request, visit: Visit, identity: UUID, number: int | None) -> Response:
    """The page, or the part of it that a step changes."""
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        row = await parts.hot.row_of(connection, visit.principal.workspace, identity)
        strip = await _strip(connection, identity, row.next_step, number)
        at = number if number is not None else row.next_step - 1
        upto = await _upto(connection, identity, strip, at)
    live = await parts.hot.revived(row)
    name = row.name or f"agent {str(identity)[-6:]}"
    bench = await parts.crew.run(Bench.of, live.agent, live.session, live.next_step)
    shown = await parts.crew.run(ShownStep.of, live.agent, name, upto) if upto else None
    model = live.agent.model
    past = [
        PastStep(
            one.step,
            one.episode,
            "+".join(live.agent.actions.names[one.action]),
            ", ".join(words or "missing" for words in observed_in_words(model, asked(one)["observation"]).values()),
        )
        for one in strip
    ]
    return page(
        "agent_part.html" if is_part(request) else "agent.html",
        visit=visit,
        can_run=visit.principal.may("run"),
        id=identity,
        name=name,
        model=model.name or f"model {row.model_hash[:8]}",
        about=_about(live.agent, row.seed),
        bench=bench,
        past=past,
        shown=shown,
        latest=live.next_step - 1,
        key=new_form_key(),
    )


async def _strip(connection: AsyncConnection, identity: UUID, next_step: int, number: int | None) -> list[Any]:
    """The last steps, or those around an earlier one."""
    if number is not None and not number < next_step:
        raise NotFound(f"the agent {identity} has no step {number}: its next step is {next_step}")
    first = max(0, next_step - STRIP)
    if number is not None and number < first:
        first = max(0, number - STRIP // 2)
    return list(await taken.steps_after(connection, identity, first - 1, STRIP))


async def _upto(connection: AsyncConnection, identity: UUID, strip: list[Any], number: int) -> list[Any]:
    """The last steps of its episode up to one, which is the last; none where there was no step."""
    if number < 0 or not strip:
        return []
    if number - COURSE + 1 < strip[0].step and strip[0].step > 0:
        strip = list(await taken.steps_after(connection, identity, number - COURSE, COURSE))
    row = next((one for one in strip if one.step == number), None)
    if row is None:
        raise NotFound(f"step {number} of the agent {identity} is not kept any more")
    return [one for one in strip if one.step <= number and one.episode == row.episode]


def _about(agent: Agent, seed: int) -> list[str]:
    """What the agent is, in a few words each."""
    horizon, learning = agent.planner.horizon, agent.learning
    words = [
        "exact inference" if type(agent.inference).__name__ == "Exact" else "mean-field inference",
        f"{agent.num_policies:,} {'policy' if agent.num_policies == 1 else 'policies'} of "
        f"{horizon} {'action' if horizon == 1 else 'actions'}",
        f"γ = {agent.gamma:g}",
        "the most probable action" if agent.alpha is None else f"actions drawn with α = {agent.alpha:g}",
    ]
    if learning is not None:
        words.append("learns " + ", ".join(part for part in "ABDE" if getattr(learning, part)))
    return [*words, f"seed {seed}"]
