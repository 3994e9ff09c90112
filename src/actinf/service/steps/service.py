"""Taking a step: compute it from where the agent stands, commit it, reply.

The database decides.  An agent in memory may be outdated, because another process moved it on: its step then is not
kept, the agent is read again, and the step is computed anew from where it really stands.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from actinf.agent import Agent, Snapshot, Step
from actinf.errors import (
    Conflict,
    IdempotencyError,
    ImpossibleObservation,
    NotFound,
    ObservationError,
    ServiceUnavailable,
)
from actinf.service.access.principal import Principal
from actinf.service.agents.hot import Live, Place
from actinf.service.context import Asking, Parts
from actinf.service.measures import ENTROPY, FREE_ENERGY, PLAN_SECONDS, STEP_SECONDS
from actinf.service.protection.crew import Crew
from actinf.service.steps import repository
from actinf.service.steps.committer import keep_with
from actinf.service.steps.record import (
    StepRecord,
    asked,
    check_asked,
    digest_of_step,
    entropy_of,
    kept_results,
    numbers_of,
    replied,
    request_of,
    step_of,
)
from actinf.service.steps.schemas import NewStep, Observation, StepPage, StepReply, StepShown
from actinf.service.tables import AnyRow

__all__ = ["Taken", "history", "one_step", "shown", "take", "take_first"]

#: What takes longer is computed beside the event loop.
INLINE_SECONDS = 0.002
_TRIES = 4
_PAUSE_SECONDS = 0.02
_SMALL_CARRY_BYTES = 1024
_LARGEST_KEPT_BYTES = 8192  # a longer reply is given again from the database
_STEPS = itertools.count()
_ONE_OF = 8  # steps are looked at more closely
_MOST_NUMBERS_OF_A_PAGE = 1_000_000
_SHORT_REPLY_NUMBERS = 2_000  # about a third of a millisecond


class Taken:
    """The reply of a step, and whether it was given before."""

    __slots__ = ("again", "body")

    def __init__(self, body: bytes, *, again: bool):
        self.body = body
        self.again = again


async def take(parts: Parts, principal: Principal, identity: UUID, wanted: NewStep, key: str | None) -> Taken:
    """Take a step of an agent.

    Raises:
        NotFound: there is no such agent.
        Conflict: `step` is not the number that comes next.
        IdempotencyError: the key was used for another step.
        ObservationError: the model does not know the observation, or excludes it; the agent stands where it stood.
        ServiceUnavailable: the step is not known to be kept, or steps that other processes took came first each time;
            sent again with its key it is taken at most once.
    """
    place = parts.hot.place(principal.workspace, identity)
    request = request_of(wanted)
    digest = digest_of_step(request)
    place.waiting += 1
    try:
        async with place.lock:
            for made in range(_TRIES):
                if made > 1:  # once is a memory that was outdated; more often, another process takes steps as well
                    await asyncio.sleep(random.uniform(0.5, 1.0) * _PAUSE_SECONDS * made)
                taken = await _try(parts, place, wanted, key, request, digest)
                if taken is not None:
                    return taken
    finally:
        place.waiting -= 1
    raise ServiceUnavailable(
        f"other steps of the agent {identity} came first {_TRIES} times, and this one was not taken: send it again, or "
        "send the steps of an agent one after another"
    )


async def take_first(asking: Asking, identity: UUID, observation: Observation) -> StepReply:
    """Take the first step of an agent, in the transaction that makes the agent.

    Raises:
        ObservationError: the model does not know the observation, or excludes it; then there is no agent either.
    """
    row = await asking.parts.hot.row_of(asking.connection, asking.principal.workspace, identity)
    live = await asking.parts.hot.revived(row)
    wanted = NewStep(observation=observation, executed=None, step=None)
    request = request_of(wanted)
    step, record, _ = await _computed(asking.parts.crew, identity, live, wanted, None, request, digest_of_step(request))
    await keep_with(asking.connection, record)
    return replied(identity, record.step, step, live.agent, [])


async def _try(
    parts: Parts, place: Place, wanted: NewStep, key: str | None, request: bytes, digest: bytes
) -> Taken | None:
    """One try; None where the agent turned out to stand elsewhere and was forgotten."""
    live, certain = await parts.hot.bring(place)
    if key is not None and live.last is not None and live.last[0] == key:
        if not parts.committer.is_connected:  # the database that kept it may have been set back
            place.forget()
            return None
        _same(key, digest, live.last[1], wanted.step, live.last[2])
        return Taken(live.last[3], again=True)
    if wanted.step is not None and wanted.step != live.next_step:
        if not certain:
            place.forget()
            return None
        before = await _given_before(parts, place, live, wanted, key, digest)
        if before is not None:
            return before
        raise Conflict(
            f"step {wanted.step} of the agent {place.id} is out of order: step {live.next_step} comes next. Read the "
            "steps that were taken, or leave out `step` to take whichever comes next"
        )
    check_asked(live.agent, wanted.include)
    try:
        step, record, state = await _computed(parts.crew, place.id, live, wanted, key, request, digest)
        kept = await parts.committer.commit(record, live.lineage)
    except ObservationError as error:  # the session is where it was
        before = await _given_before(parts, place, live, wanted, key, digest)
        if before is not None:
            return before
        if not certain and isinstance(error, ImpossibleObservation):
            place.forget()  # it may be possible from where the agent really stands
            return None
        raise
    except BaseException:
        place.forget()
        raise
    if not kept:
        place.forget()
        return await _given_before(parts, place, live, wanted, key, digest)
    number, live.last = live.next_step, None
    live.next_step += 1
    parts.steps_taken.wake(place.id, number)
    parts.hot.stepped(place, state)
    body = await _written(parts.crew, place.id, number, step, live.agent, wanted.include)
    if key is not None and len(body) <= _LARGEST_KEPT_BYTES:
        live.last = (key, digest, number, body)
    return Taken(body, again=False)


async def _written(crew: Crew, identity: UUID, number: int, step: Step, agent: Agent, include: Sequence[str]) -> bytes:
    """A reply as JSON; a long one is written beside the event loop."""

    def write() -> bytes:
        return replied(identity, number, step, agent, include).model_dump_json().encode()

    short = numbers_of(agent, include) <= _SHORT_REPLY_NUMBERS
    return write() if short else await crew.run(write)


def _timed(live: Live, wanted: NewStep) -> Step:
    """The step; how long it took is noted, of some with the part that was planning."""
    started = time.perf_counter()
    if next(_STEPS) % _ONE_OF == 0:
        step, planning = live.session.timed_step(wanted.observation, executed=wanted.executed)
        live.seconds = time.perf_counter() - started
        PLAN_SECONDS.observe(planning)
        ENTROPY.observe(entropy_of(step, live.agent))
    else:
        step = live.session.step(wanted.observation, executed=wanted.executed)
        live.seconds = time.perf_counter() - started
    STEP_SECONDS.observe(live.seconds)
    FREE_ENERGY.observe(step.F)
    return step


async def _computed(
    crew: Crew, identity: UUID, live: Live, wanted: NewStep, key: str | None, request: bytes, digest: bytes
) -> tuple[Step, StepRecord, Snapshot]:
    """The step from where the agent stands, what is to be kept of it, and where it leaves the agent."""
    session = live.session
    if live.seconds > INLINE_SECONDS:
        step = await crew.run(_timed, live, wanted)
    else:
        step = _timed(live, wanted)
    state = session.snapshot()
    record = StepRecord(
        agent=identity,
        step=live.next_step,
        episode=step.episode,
        time=step.time,
        key=key,
        digest=digest,
        request=request,
        action=step.joint_action,
        free_energy=step.F,
        results=kept_results(step),
        carry=_belief_kept(step, wanted),
        state=state.carry,
    )
    return step, record, state


def _belief_kept(step: Step, wanted: NewStep) -> bytes | None:
    """What the reasons of a step are worked out from, where that was asked for or costs little to keep."""
    carried = step.carried()
    return carried.tobytes() if "terms" in wanted.include or carried.nbytes <= _SMALL_CARRY_BYTES else None


async def _given_before(
    parts: Parts, place: Place, live: Live, wanted: NewStep, key: str | None, digest: bytes
) -> Taken | None:
    """The reply that the key was answered with before; None where it was not used."""
    if key is None:
        return None
    async with parts.engine.connect() as connection:
        row = await repository.find_by_key(connection, place.id, key)
    if row is None:
        return None
    _same(key, digest, bytes(row.request_digest), wanted.step, row.step)
    body = await _written(parts.crew, place.id, row.step, step_of(live.agent, row), live.agent, wanted.include)
    return Taken(body, again=True)


def _same(key: str, digest: bytes, before: bytes, number: int | None, number_before: int) -> None:
    """Refuse a key that was used for another step."""
    if digest != before or number not in (None, number_before):
        raise IdempotencyError(
            f"the Idempotency-Key {key!r} was used for step {number_before} of this agent, with another request: take "
            "a new key for a new step, and the same body for the same key"
        )


def shown(identity: UUID, row: AnyRow, live: Live) -> StepShown:
    """A step as it is shown in a history."""
    said = asked(row)
    reply = replied(identity, row.step, step_of(live.agent, row), live.agent, _included(row))
    return StepShown.model_construct(
        **reply.__dict__,
        created_at=row.created_at,
        observation=said["observation"],
        executed=said.get("executed"),
    )


async def history(parts: Parts, principal: Principal, identity: UUID, after: int, limit: int) -> bytes:
    """A page of the steps that an agent took, as JSON; it ends early where it would hold too many numbers.

    Raises:
        NotFound: there is no such agent.
    """
    async with parts.engine.connect() as connection:
        agent = await parts.hot.row_of(connection, principal.workspace, identity)
        rows = await repository.steps_after(connection, identity, after, limit + 1)
        begins = await repository.oldest_step(connection, identity)
    live = await parts.hot.revived(agent)

    def page() -> bytes:
        kept = list(itertools.islice(_fitting(rows, live.agent), limit))
        following = kept[-1].step if len(kept) < len(rows) else None
        items = [shown(identity, row, live) for row in kept]
        return StepPage.model_construct(items=items, next=following, begins=begins).model_dump_json().encode()

    return await parts.crew.run(page)


def _fitting(rows: Iterable[AnyRow], agent: Agent) -> Iterator[AnyRow]:
    """The first rows that together hold no more numbers than a page may, and one in any case."""
    numbers = 0
    for number, row in enumerate(rows):
        numbers += numbers_of(agent, _included(row))
        if number and numbers > _MOST_NUMBERS_OF_A_PAGE:
            return
        yield row


def _included(row: AnyRow) -> list[str]:
    """What was asked for beside the step in the step of a row, as far as it can be replied again."""
    return [word for word in asked(row).get("include", []) if word != "terms" or row.carry is not None]


async def one_step(parts: Parts, principal: Principal, identity: UUID, number: int) -> bytes:
    """One step that was taken, as JSON.

    Raises:
        NotFound: there is no such agent, or no such step.
    """
    async with parts.engine.connect() as connection:
        agent = await parts.hot.row_of(connection, principal.workspace, identity)
        row = await repository.find_step(connection, identity, number)
    if row is None and number < agent.next_step:
        raise NotFound(f"step {number} of the agent {identity} is not kept any more: steps are kept for a time")
    if row is None:
        raise NotFound(f"the agent {identity} has no step {number}: its next step is {agent.next_step}")
    live = await parts.hot.revived(agent)
    return await parts.crew.run(lambda: shown(identity, row, live).model_dump_json().encode())
