"""The first page: agents and runs of the workspace, whether the service works, and the forms that make both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import BudgetError, FileError, IdempotencyError, ModelError, NotFound, SettingError
from actinf.lab.catalogue import catalogue
from actinf.service.access.sessions import Visit
from actinf.service.agents import repository
from actinf.service.agents import service as agents
from actinf.service.agents.schemas import NewAgent
from actinf.service.context import Asking, Changes, Parts, changing, parts_of
from actinf.service.idempotency import once
from actinf.service.models import service as models
from actinf.service.simulations import service as simulations
from actinf.service.simulations.schemas import NewSimulation
from actinf.web.lab.pages import page
from actinf.web.lab.runs import title_of
from actinf.web.lab.visitors import Reader, Runner
from actinf.web.markup import key_of_form, new_form_key

__all__ = ["router"]

router = APIRouter()

AGENTS_ON_A_PAGE = 25
_FIELDS = ("model", "name", "inference", "horizon", "gamma", "alpha", "choice", "seed")
RUNS_ON_A_PAGE = 10
_NAMED_IN_ERRORS = ("horizon", "gamma", "alpha", "novelty", "learning")
_RUN_FIELDS = ("experiment", "name", "num_agents", "num_steps", "num_episodes", "seed")
_SENT_BEFORE = "This form was sent before, filled in otherwise, and did its work then: send it again for another."
_DEFAULTS = {
    "experiment": "tmaze",
    "model": "tmaze",
    "inference": "exact",
    "horizon": "2",
    "gamma": "16",
    "choice": "marginal_action",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in, with what is wrong by field; under "" what fits no field."""

    values: Mapping[str, str] = field(default_factory=lambda: dict(_DEFAULTS))
    learns: frozenset[str] = frozenset()
    mistakes: Mapping[str, str] = field(default_factory=dict)

    @property
    def opened(self) -> bool:
        """Whether the settings that are seldom needed are to be seen."""
        return bool(self.learns or self.mistakes.keys() & {"gamma", "alpha", "choice", "seed", "learning"})


@router.get("/")
async def show_home(
    request: Request, visit: Reader, before: Annotated[UUID | None, Query(description="Agents older than this.")] = None
) -> Response:
    """The agents of the workspace, the newest first."""
    return await _home(request, visit, Filled(), before)


@router.post("/agents")
async def make_agent(request: Request, visit: Runner) -> Response:
    """Make the agent that the form describes; where something is wrong, show the form again with what it is."""
    parts, form = parts_of(request), await request.form()
    values = {name: str(form.get(name, "")).strip() for name in _FIELDS}
    learns = frozenset(part for part in "ABDE" if form.get(f"learn_{part}"))
    novelty = form.get("novelty") is not None
    if unkept := _never_kept(values):
        return await _home(request, visit, Filled(values, learns, unkept), None, status=422)
    try:
        wanted = _wanted(values, learns, novelty=novelty)
        await agents.make_ready(parts, visit.principal, wanted)
        async with changing(parts) as changes:
            asking = Asking(visit.principal, changes, parts)
            work = partial(agents.create, asking, wanted)
            made = await once(asking, key_of_form(form), "agents.create", wanted, work)
    except ValidationError as error:
        mistakes = _unreadable(error)
    except IdempotencyError:
        mistakes = {"": _SENT_BEFORE}
    except (SettingError, BudgetError, ModelError, NotFound) as error:
        mistakes = _by_field(error)
    else:
        return RedirectResponse(f"/agents/{_id_in(made)}", 303)
    learns |= {"novelty"} if novelty else set()
    return await _home(request, visit, Filled(values, learns, mistakes), None, status=422)


@router.post("/runs")
async def make_run(request: Request, visit: Runner) -> Response:
    """Have the experiment computed that the form describes; where something is wrong, show the form again."""
    parts, form = parts_of(request), await request.form()
    values = {name: str(form.get(name, "")).strip() for name in _RUN_FIELDS}
    numbers = {name: _number(values[name]) for name in _RUN_FIELDS if name not in ("experiment", "name")}
    if unkept := _never_kept(values):
        return await _home(request, visit, Filled(), None, run_form=Filled(values, mistakes=unkept), status=422)
    try:
        wanted = NewSimulation.model_validate({"experiment": values["experiment"], "name": values["name"], **numbers})
        async with changing(parts) as changes:
            asking = Asking(visit.principal, changes, parts)
            work = partial(simulations.create, asking, wanted)
            made = await once(asking, key_of_form(form), "simulations.create", wanted, work)
    except ValidationError as error:
        mistakes = _unreadable(error)
    except IdempotencyError:
        mistakes = {"": _SENT_BEFORE}
    except (SettingError, FileError, ModelError) as error:
        mistakes = {"experiment": str(error)}
    except BudgetError as error:
        mistakes = {"num_agents": str(error)}
    else:
        return RedirectResponse(f"/runs/{_id_in(made)}", 303)
    return await _home(request, visit, Filled(), None, run_form=Filled(values, mistakes=mistakes), status=422)


def _id_in(made: Response) -> str:
    """The id of what was made, now or when the same form was sent first."""
    return str(json.loads(bytes(made.body))["id"])


def _wanted(values: Mapping[str, str], learns: frozenset[str], *, novelty: bool) -> NewAgent:
    """What the fields ask for; what is no number goes on as it is, to be refused in the library's own words."""
    planner: dict[str, Any] = {"horizon": _number(values["horizon"] or "1")}
    if novelty:
        planner["novelty"] = True
    return NewAgent.model_validate(
        {
            "model": values["model"],
            "name": values["name"],
            "seed": _number(values["seed"]),
            "inference": values["inference"],
            "planner": {"exhaustive": planner},
            "choice": values["choice"],
            "learning": dict.fromkeys(sorted(learns), True) or None,
            "gamma": _number(values["gamma"] or "16"),
            "alpha": _number(values["alpha"]),
        }
    )


def _never_kept(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with texts that no database keeps, by field; the API refuses them where it reads JSON."""
    said = "it holds the character NUL: leave it out"
    return {name: said for name, text in values.items() if "\0" in text}


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def _unreadable(error: ValidationError) -> dict[str, str]:
    """What is wrong with the values of fields, by field."""
    kinds = dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "expected a whole number")
    kinds |= dict.fromkeys(("float_parsing", "float_type"), "expected a number")
    return {
        str(one["loc"][0]): f"{one['input']}: {kinds[one['type']]}" if one["type"] in kinds else one["msg"]
        for one in error.errors(include_url=False)
    }


def _by_field(error: Exception) -> dict[str, str]:
    """The lines of an error, each beside the field that it names."""
    if isinstance(error, NotFound | ModelError):
        return {"model": str(error)}
    mistakes: dict[str, str] = {}
    for line in str(error).splitlines():
        named = next((name for name in _NAMED_IN_ERRORS if name in line.lower()), "")
        key = "learning" if named == "novelty" else named or ("horizon" if isinstance(error, BudgetError) else "")
        mistakes[key] = f"{mistakes[key]}\n{line}" if key in mistakes else line
    return mistakes


async def _home(
    request: Request,
    visit: Visit,
    form: Filled,
    before: UUID | None,
    *,
    run_form: Filled | None = None,
    status: int = 200,
) -> Response:
    parts, workspace = parts_of(request), visit.principal.workspace
    async with parts.engine.connect() as connection:
        asking = Asking(visit.principal, Changes(connection), parts)
        rows = await repository.newest_agents(connection, workspace, before, AGENTS_ON_A_PAGE + 1)
        known = (await models.listed(asking, None, 500)).items
        titles = {row.model: await _title(asking, row.model) for row in rows[:AGENTS_ON_A_PAGE]}
        runs = (await simulations.listed(asking, None, None, RUNS_ON_A_PAGE)).items
    return page(
        "home.html",
        status,
        visit=visit,
        can_run=visit.principal.may("run"),
        trouble=_trouble(request, parts),
        agents=rows[:AGENTS_ON_A_PAGE],
        titles=titles,
        older=rows[AGENTS_ON_A_PAGE - 1].id if len(rows) > AGENTS_ON_A_PAGE else None,
        newest=before is None,
        own=[model for model in known if model.created_at is not None],
        bundled=[model for model in known if model.created_at is None],
        form=form,
        runs=[(title_of(run), run) for run in runs],
        experiments=catalogue()["experiments"],
        run_form=run_form or Filled(),
        agent_key=new_form_key(),
        run_key=new_form_key(),
    )


async def _title(asking: Asking, digest: str) -> str:
    """What a model calls itself."""
    model, _ = await models.find(asking.parts.library, asking.connection, asking.principal.workspace, digest)
    return model.name or f"model {digest[:8]}"


def _trouble(request: Request, parts: Parts) -> list[str]:
    """What does not work now, in words; empty while everything does."""
    missing: list[str] = request.app.state.lifecycle.missing
    return [*missing, *([parts.probe.reason] if parts.probe.reason else [])]
