"""One running agent: what it carries from step to step, and what a step reports."""

import time as clock
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.explanation import Explanation, explain_step
from actinf.errors import ImpossibleObservation, ObservationError, SettingError
from actinf.kernels import layout as L
from actinf.kernels.buffers import Frame, section_slice, view
from actinf.model import Model

if TYPE_CHECKING:
    from actinf.agent.agent import Agent

__all__ = ["Perceived", "Session", "Snapshot", "Step"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a session carries, as plain data.

    Attributes:
        fingerprint: what the agent was: the model's hash and the settings that shape what is carried.
        seed, index: the key of the random streams.
        episode, time: which step comes next.
        action: the joint action chosen last, −1 before the first.
        carry: counts and beliefs, as bytes of the agent's dtype.
    """

    fingerprint: str
    seed: int
    index: int
    episode: int
    time: int
    action: int
    carry: bytes


@dataclass(frozen=True, slots=True)
class Results:
    """Where each part of a step's results lies in their buffer."""

    scalars: slice
    qs: slice
    q_pi: slice
    G: slice
    q_action: slice
    p_action: slice
    factors: tuple[tuple[str, slice], ...]

    @classmethod
    def of(cls, ints: NDArray[np.int64], model: Model) -> "Results":
        """From the header of an agent's buffers."""
        sections = (L.O_SCALARS, L.O_QS, L.O_Q_PI, L.O_G, L.O_Q_ACTION, L.O_P_ACTION)
        whole = [section_slice(ints, section) for section in sections]
        at, factors = whole[1].start, []
        for factor in model.factors:
            factors.append((factor.name, slice(at, at + len(factor.states))))
            at += len(factor.states)
        scalars, qs, q_pi, G, q_action, p_action = whole
        return cls(scalars, qs, q_pi, G, q_action, p_action, tuple(factors))


@dataclass(frozen=True, slots=True)
class Perceived:
    """What an agent believes when it has perceived an observation, without having planned anything.

    Attributes:
        F: variational free energy in nats; −ln p(o_t | o_<t) where inference is exact.
        qs: factor → q(s), (num_states[f],).
    """

    F: float
    qs: dict[str, NDArray[Any]]


class Step:
    """What one step reports; arrays are views of one buffer that belongs to this step alone.

    Attributes:
        action: control → name of the action chosen.
        F: variational free energy in nats.
        time, episode: which step this was.
    """

    __slots__ = ("_agent", "_carry", "_joint", "_out", "episode", "time")

    def __init__(
        self, agent: "Agent", out: NDArray[Any], joint: int, episode: int, time: int, carry: NDArray[Any] | None
    ):
        self._agent = agent
        self._out = out
        self._joint = joint
        self._carry = carry
        self.episode = episode
        self.time = time

    @property
    def action(self) -> dict[str, str]:
        """Control → name of the action chosen."""
        return self._agent.actions.named(self._joint)

    @property
    def action_index(self) -> tuple[int, ...]:
        """The same as indices, in the order of the controls."""
        return tuple(int(a) for a in self._agent.actions.digits[self._joint])

    def _part(self, where: slice) -> NDArray[Any]:
        return self._out[where]

    @property
    def F(self) -> float:
        """Variational free energy of this observation, nats; −ln p(o_t | o_<t) where inference is exact."""
        return float(self._part(self._agent.results.scalars)[0]) + 0.0  # no minus before a zero

    @property
    def iterations(self) -> int:
        """Sweeps that inference took."""
        return int(self._part(self._agent.results.scalars)[1])

    @property
    def converged(self) -> bool:
        """Whether the beliefs moved less than the tolerance in the last sweep."""
        return bool(self._part(self._agent.results.scalars)[2])

    @property
    def impossibility_tested(self) -> bool:
        """Whether the joint support was small enough to test that the observation is possible."""
        return bool(self._part(self._agent.results.scalars)[3])

    @property
    def qs(self) -> dict[str, NDArray[Any]]:
        """Factor → q(s), (num_states[f],)."""
        out = self._out
        return {name: out[where] for name, where in self._agent.results.factors}

    @property
    def q_pi(self) -> NDArray[Any]:
        """Posterior over policies, (num_policies,)."""
        return self._part(self._agent.results.q_pi)

    @property
    def G(self) -> NDArray[Any]:
        """Expected free energy of each policy, (num_policies,), nats; smaller is better."""
        return self._part(self._agent.results.G)

    @property
    def q_action(self) -> NDArray[Any]:
        """Marginal of q_pi over the next joint action, (joint actions,)."""
        return self._part(self._agent.results.q_action)

    @property
    def p_action(self) -> NDArray[Any]:
        """Probability with which each joint action was to be chosen, (joint actions,)."""
        return self._part(self._agent.results.p_action)

    @property
    def joint_action(self) -> int:
        """The number of the joint action chosen, from 0, the last control's action running fastest."""
        return self._joint

    def results(self) -> NDArray[Any]:
        """All that the compiled step reported, as one array (F and what inference needed, q(s), actions, q_π, G)."""
        return self._out

    def carried(self) -> NDArray[Any]:
        """What the agent carried out of this step: its belief, and its counts where it learns."""
        if self._carry is not None:
            return self._carry.copy()
        carry = np.zeros(self._agent.program.lengths["carry"], dtype=self._agent.dtype)
        view(carry, self._agent.program.ints, L.C_BELIEF)[:] = self._part(self._agent.results.qs)
        return carry

    def explain(self) -> Explanation:
        """G of every policy taken apart by term, modality and time."""
        return explain_step(self._agent, self)

    def __repr__(self) -> str:
        untested = "" if self.impossibility_tested else ", not tested to be possible"
        return f"Step(time={self.time}, action={self.action}, F={self.F:.4g}{untested})"


class Session:
    """One agent in its course: call `step` with each observation."""

    def __init__(self, agent: "Agent", seed: int = 0, index: int = 0):
        for name, value in (("seed", seed), ("index", index)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**63:
                raise SettingError(f"start({name}={value!r}): expected a whole number from 0 to 2**63 - 1")
        self.agent = agent
        program = agent.program
        self._kernel = agent.kernel()
        self._ints = program.ints
        self._learns = agent.learning is not None
        parameters = agent.parameters
        self._theta = agent.theta(parameters)[0]
        joint = agent.packed_structure.joint
        self._keeps_carry = self._learns or joint  # else the marginals among the results say it all
        self._own_theta = agent.theta(parameters, own=True)[0] if joint else self._theta
        self._dense = agent.dense_plan(self._theta) if agent.plans_densely else None
        self._carry = np.zeros(program.lengths["carry"], dtype=agent.dtype)
        self._x = np.zeros(program.lengths["x"], dtype=np.int64)
        self._wf, wi = program.workspace(agent.dtype)
        self._frame = Frame(
            agent.dtype,
            ints=self._ints,
            theta=self._theta,
            own=agent.own_program.ints,
            own_theta=self._own_theta,
            carry=self._carry,
            x=self._x,
            wf=self._wf,
            wi=wi,
            job=np.zeros(L.NUM_JOB, dtype=np.int64),
        )
        self._words = self._frame.words
        own = () if self._own_theta is self._theta else (self._own_theta,)
        #: Bytes of its own buffers: what it takes beside its agent.
        self.nbytes = sum(one.nbytes for one in (self._theta, *own, self._carry, self._x, self._wf, wi))
        self._obs = view(self._x, self._ints, L.X_OBS)
        self._soft = view(self._wf, self._ints, L.W_SOFT)
        clock_at = int(self._ints[2 * L.X_CLOCK])
        self._episode_at, self._time_at = clock_at + 2, clock_at + 3
        self._asked_at = int(self._ints[2 * L.X_STATUS])
        self._belief = section_slice(self._ints, L.C_BELIEF)
        self._seed, self._index, self._episode, self._time, self._action = int(seed), int(index), 0, 0, -1
        self._executed_at = int(self._ints[2 * L.X_EXECUTED])
        self._action_at = int(self._ints[2 * L.X_ACTION])
        self._out_length = program.lengths["out"]
        self._dtype = np.dtype(agent.dtype)
        self._read = agent.observations.read
        self._x[clock_at : clock_at + 2] = seed, index
        counts = view(self._theta, self._ints, L.T_PRIOR_COUNTS)
        self._carry[: len(counts)] = counts
        self._refresh()

    def step(self, observation: Any, *, executed: Any = None) -> Step:
        """Perceive an observation, learn, plan and choose.

        Args:
            observation: modality → value, where a modality that is absent is missing; or a list in the model's order.
                A value is an outcome's name, its index, a distribution over the outcomes, or None.
            executed: the action that was really executed before this observation, where it differs from the one chosen:
                control → action, or a list in the order of the controls.  Before the first observation of an
                episode nothing was executed: there it is checked, and says nothing.

        Returns:
            the Step: beliefs, policies, the action chosen.

        Raises:
            ObservationError: for an observation or an action that the model does not know.
            ImpossibleObservation: when no state with positive probability can produce it.  Nothing is lost by an error:
                the session is where it was, and can be given another observation.
        """
        self._prepare(observation, executed)
        if self._dense is not None:
            out = self._called(L.PERCEIVE_ONLY, observation)
            self._decide(out)
        else:
            out = self._called(L.WHOLE_STEP, observation)
        return self._stepped(out)

    def timed_step(self, observation: Any, *, executed: Any = None) -> tuple[Step, float]:
        """The same step with the same numbers, and what part of its time was planning.

        Args:
            observation: as for `step`.
            executed: as for `step`.

        Returns:
            the Step, and the seconds from when the observation was perceived, and learned from, to the choice.

        Raises:
            ObservationError: as for `step`.
            ImpossibleObservation: as for `step`.
        """
        self._prepare(observation, executed)
        out = self._called(L.PERCEIVE_ONLY, observation)
        perceived = clock.perf_counter()
        self._decide(out)
        seconds = clock.perf_counter() - perceived
        return self._stepped(out), seconds

    def perceive(self, observation: Any, *, executed: Any = None) -> Perceived:
        """Perceive an observation, and learn from it, without planning or choosing.

        Args:
            observation: as for `step`.
            executed: the action before this observation, as for `step`; needed after the first observation of an
                episode, unless the model has only one, for here none is chosen.

        Raises:
            ObservationError: for an observation or an action that the model does not know, or none where one is needed.
            ImpossibleObservation: as for `step`; the session is where it was.
        """
        self._prepare(observation, executed)
        out = self._called(L.PERCEIVE_ONLY, observation)
        self._action = 0 if len(self.agent.actions.digits) == 1 else -1
        self._time += 1
        results = self.agent.results
        return Perceived(float(out[results.scalars][0]) + 0.0, {name: out[where] for name, where in results.factors})

    def _prepare(self, observation: Any, executed: Any) -> None:
        """Write what a step is told into the buffers."""
        self._read(observation, self._obs, self._soft)
        if executed is None and self._action < 0 < self._time:
            raise ObservationError(
                f"it is not known what was executed before step {self._time}: after perceive(...), which chooses "
                "nothing, give executed="
            )
        self._x[self._executed_at] = self._action if executed is None else self.agent.actions.read(executed)
        self._x[self._time_at] = self._time

    def _called(self, asked: int, observation: Any) -> NDArray[Any]:
        """The results of a call that perceives an observation."""
        self._x[self._asked_at] = asked
        out = np.empty(self._out_length, self._dtype)
        if self._call(out) != L.OK:
            raise ImpossibleObservation(self._impossible(observation))
        return out

    def _decide(self, out: NDArray[Any]) -> None:
        """Add the results of the second half: the plan and the choice."""
        if self._dense is not None:
            out[self.agent.results.G] = self._dense.expected_free_energy(self._carry[self._belief], self._time)
            self._x[self._asked_at] = L.CHOOSE_ONLY
        else:
            self._x[self._asked_at] = L.DECIDE_ONLY
        self._call(out)

    def _stepped(self, out: NDArray[Any]) -> Step:
        """Where a step has led."""
        self._action = int(self._x[self._action_at])
        carried = self._carry.copy() if self._keeps_carry else None
        step = Step(self.agent, out, self._action, self._episode, self._time, carried)
        self._time += 1
        return step

    def __deepcopy__(self, memo: dict[int, Any]) -> "Session":
        """Another session in the same place, of the same agent: what it does does not touch this one."""
        return self.resumed(self.agent, self.snapshot())

    def __copy__(self) -> "Session":
        return self.resumed(self.agent, self.snapshot())  # its buffers hold each other's addresses: never shared

    def __reduce__(self) -> Any:
        return Session.resumed, (self.agent, self.snapshot())

    def __repr__(self) -> str:
        return f"Session(episode={self._episode}, time={self._time}, seed={self._seed}, index={self._index})"

    def _call(self, out: NDArray[Any]) -> int:
        """The compiled step on this session's buffers."""
        status: int = self._kernel(self._words, out)
        return status

    def _impossible(self, observation: Any) -> str:
        time = self._time
        shown = observation if len(str(observation)) < 300 else "the observation"
        before = "the initial states" if time == 0 else "the beliefs of the step before and the executed action"
        return (
            f"{shown} at step {time} is impossible: no joint state that {before} allow can produce it. Check the zeros "
            "of A, B and D, or whether another action was executed (step(..., executed=...)); the session is unchanged"
        )

    def next_episode(self, *, carry_counts: bool = True) -> None:
        """Begin the next episode: beliefs start again from D; learned counts carry over unless told otherwise."""
        self._episode += 1
        self._x[self._episode_at] = self._episode
        self._time, self._action = 0, -1
        if self._learns and not carry_counts:
            fresh = self.agent.start(self._seed, self._index)
            self._carry[:] = fresh._carry
            self._theta[:] = fresh._theta
            self._own_theta[:] = fresh._own_theta

    def snapshot(self) -> Snapshot:
        """Everything that the session carries, to be resumed by an equal agent, in this process or another."""
        return Snapshot(
            fingerprint(self.agent),
            self._seed,
            self._index,
            self._episode,
            self._time,
            self._action,
            self._carry.tobytes(),
        )

    @classmethod
    def resumed(cls, agent: "Agent", snapshot: Snapshot) -> "Session":
        """See `Agent.resume`."""
        expected = fingerprint(agent)
        if snapshot.fingerprint != expected:
            raise SettingError(
                f"the snapshot is of {snapshot.fingerprint}, but this agent is {expected}: resume it with an agent of "
                "the same model and settings"
            )
        session = cls(agent, snapshot.seed, snapshot.index)
        session._episode, session._time, session._action = snapshot.episode, snapshot.time, snapshot.action
        session._x[session._episode_at] = snapshot.episode
        session._carry[:] = np.frombuffer(snapshot.carry, dtype=agent.dtype)
        session._refresh()
        return session

    def _refresh(self) -> None:
        """Bring what inference uses in line with the carried counts, so that it depends on nothing else."""
        if self._learns:
            self._x[self._asked_at] = L.REFRESH_ONLY
            self._call(np.empty(self._out_length, self._dtype))


def fingerprint(agent: "Agent") -> str:
    """What has to agree for a snapshot to be resumed: the model and all settings."""
    return f"model {agent.model.hash[:16]}, {agent.settings_text()}"
