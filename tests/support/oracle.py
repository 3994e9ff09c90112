"""A second engine, slow and obvious, that says what every number of the first one has to be.

Plain NumPy and loops over whole joint states and whole policies; no support lists, no tree, no buffers, nothing shared
with `actinf` but the model that is read.  It follows the words of the maths page, not the kernels.  Beliefs are always
arrays over *all* hidden factors at once, q[s_0, s_1, ...]; mean field is the same with the product of the marginals put
in its place after each step.
"""

import itertools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import actinf as ai

Array = np.ndarray
State = tuple[int, ...]


@dataclass
class Tables:
    """A model as dense arrays with columns that sum to one."""

    num_states: State
    num_obs: State
    num_controls: State
    control_of_factor: tuple[int | None, ...]
    A_parents: tuple[State, ...]
    B_parents: tuple[State, ...]
    A: list[Array]
    B: list[Array]
    C: list[Array]
    D: list[Array]
    E: Array | None

    @classmethod
    def of(cls, model: ai.Model) -> "Tables":
        habits = model.E if model.E is not None else model.pE
        return cls(
            num_states=model.num_states,
            num_obs=model.num_obs,
            num_controls=model.num_controls,
            control_of_factor=tuple(model.control_of_factor),
            A_parents=tuple(map(tuple, model.A_dependencies)),
            B_parents=tuple(map(tuple, model.B_dependencies)),
            A=[normalised(table.dense()) for table in model.A],
            B=[normalised(table.dense()) for table in model.B],
            C=[np.array(C) for C in model.C],
            D=[normalised(D) for D in model.D],
            E=None if habits is None else habits / habits.sum(),
        )

    def states(self) -> list[State]:
        """All joint states."""
        return list(itertools.product(*map(range, self.num_states)))

    def joint_actions(self) -> list[State]:
        """All joint actions, one action for each control, the first control slowest."""
        return list(itertools.product(*map(range, self.num_controls)))

    def outcomes(self, m: int, state: State) -> Array:
        """p(o_m | state)."""
        return self.A[m][(slice(None), *(state[f] for f in self.A_parents[m]))]

    def next_states(self, f: int, state: State, action: State) -> Array:
        """p(next state of factor f | state, joint action)."""
        control = self.control_of_factor[f]
        own = 0 if control is None else action[control]
        return self.B[f][(slice(None), *(state[g] for g in self.B_parents[f]), own)]

    def transition(self, state: State, action: State) -> Array:
        """p(next joint state | state, joint action), an array over all factors."""
        return product([self.next_states(f, state, action) for f in range(len(self.num_states))])

    def initial(self) -> Array:
        """p(first joint state)."""
        return product(self.D)

    def push(self, belief: Array, action: State) -> Array:
        """The belief one step later, before any observation."""
        later = np.zeros(self.num_states)
        for state in self.states():
            if belief[state] > 0:
                later += belief[state] * self.transition(state, action)
        return later


def normalised(columns: Array) -> Array:
    return columns / columns.sum(axis=0)


def product(marginals: list[Array]) -> Array:
    """The joint of independent factors."""
    joint = np.ones(())
    for marginal in marginals:
        joint = np.multiply.outer(joint, marginal)
    return joint


def marginals(joint: Array) -> list[Array]:
    axes = range(joint.ndim)
    return [joint.sum(axis=tuple(axis for axis in axes if axis != f)) for f in axes]


def xlogx(x: Array) -> Array:
    return np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0)), 0.0)


def log_softmax(values: Array) -> Array:
    shifted = values - values.max()
    return shifted - np.log(np.exp(shifted).sum())


def weights_of(value: Any, num_obs: int) -> Array | None:
    """An observation as weights over the outcomes; None where it is missing."""
    if value is None:
        return None
    return np.eye(num_obs)[value] if isinstance(value, int | np.integer) else np.asarray(value, dtype=float)


def evidence(tables: Tables, observation: list[Any]) -> Array:
    """Π_m Π_o p(o_m | s)^w for every joint state, with 0⁰ = 1."""
    found = np.ones(tables.num_states)
    for state in tables.states():
        for m, value in enumerate(observation):
            weights = weights_of(value, tables.num_obs[m])
            if weights is not None:
                found[state] *= np.prod(tables.outcomes(m, state)[weights > 0] ** weights[weights > 0])
    return found


def joint_of_trajectory(tables: Tables, observations: list[list[Any]], actions: list[State]) -> Array:
    """p(o_0 … o_t, s_0, …, s_t) for every sequence of joint states, counted in the order of `tables.states()`."""
    states = tables.states()
    given = [evidence(tables, observation) for observation in observations]
    joint = np.zeros([len(states)] * len(observations))
    for path in itertools.product(range(len(states)), repeat=len(observations)):
        p = tables.initial()[states[path[0]]] * given[0][states[path[0]]]
        for t in range(1, len(path)):
            p *= tables.transition(states[path[t - 1]], actions[t - 1])[states[path[t]]] * given[t][states[path[t]]]
        joint[path] = p
    return joint


class Impossible(Exception):
    """No joint state with positive prior can produce the observation."""


@dataclass
class Filtered:
    """What perception finds."""

    belief: Array
    F: float
    converged: bool = True
    damped: bool = False


def filter_exactly(tables: Tables, prior: Array, observation: list[Any]) -> Filtered:
    """Bayes' rule on the joint; F = −ln p(o | past), 0 where everything is missing."""
    joint = prior * evidence(tables, observation)
    if joint.sum() == 0:
        raise Impossible
    return Filtered(joint / joint.sum(), -math.log(joint.sum()) if any(o is not None for o in observation) else 0.0)


class MeanField:
    """The factorised approximation of p(s | o) ∝ Π_f prior_f(s_f) · Π_m p(o_m | s), logarithms floored."""

    def __init__(self, tables: Tables, prior: list[Array], observation: list[Any], floor: float):
        self.tables = tables
        self.log_prior = [np.log(np.maximum(part, floor)) for part in prior]
        self.log_like: list[tuple[State, Array]] = []
        for m, value in enumerate(observation):
            weights = weights_of(value, tables.num_obs[m])
            if weights is not None:
                log_A = np.log(np.maximum(tables.A[m], floor))
                excluded = np.tensordot(weights, tables.A[m] == 0, axes=(0, 0)) > 0
                log_like = np.where(excluded, np.log(floor), np.tensordot(weights, log_A, axes=(0, 0)))
                self.log_like.append((tables.A_parents[m], log_like))

    def free_energy(self, q: list[Array]) -> float:
        """F = E_q[ln q − ln p(o, s)]."""
        value = sum(float(xlogx(part).sum() - part @ log_p) for part, log_p in zip(q, self.log_prior))
        for parents, log_like in self.log_like:
            value -= float((product([q[f] for f in parents]) * log_like).sum())
        return value

    def optimal_logs(self, q: list[Array]) -> list[Array]:
        """For each factor ln of its best belief while the others keep theirs, up to a constant."""
        found = [log_p.copy() for log_p in self.log_prior]
        for parents, log_like in self.log_like:
            for axis, f in enumerate(parents):
                others = product([np.ones(log_like.shape[axis]) if g == f else q[g] for g in parents])
                found[f] += (others * log_like).sum(axis=tuple(k for k in range(len(parents)) if k != axis))
        return found

    def solve(self, max_iterations: int, tolerance: float) -> tuple[list[Array], float, bool, bool]:
        """All factors at once from the uniform start, half the step whenever F rises; q, F, converged, damped."""
        log_q = [log_softmax(np.zeros_like(part)) for part in self.log_prior]
        q, F, damping, damped = [np.exp(part) for part in log_q], None, 1.0, False
        F = self.free_energy(q)
        for _ in range(max_iterations):
            target = self.optimal_logs(q)
            while True:
                new_log = [log_softmax((1 - damping) * old + damping * t) for old, t in zip(log_q, target)]
                new_q = [np.exp(part) for part in new_log]
                new_F = self.free_energy(new_q)
                if new_F <= F + tolerance * (1 + abs(F)) or damping < 0.01:
                    break
                damping, damped = damping / 2, True
            change = max(float(np.abs(a - b).max()) for a, b in zip(new_q, q))
            log_q, q, F = new_log, new_q, new_F
            if change < tolerance:
                return q, F, True, damped
        return q, F, False, damped


def filter_by_mean_field(
    tables: Tables, prior: list[Array], observation: list[Any], settings: ai.FixedPoint
) -> Filtered:
    """The fixed point; states that no possible joint state contains have probability zero."""
    if all(value is None for value in observation):
        return Filtered(product(prior), 0.0)
    joint = product([part > 0 for part in prior]) * (evidence(tables, observation) > 0)
    if not joint.any():
        raise Impossible
    q, F, converged, damped = MeanField(tables, prior, observation, settings.log_floor).solve(
        settings.max_iterations, settings.tolerance
    )
    kept = [part * (seen > 0) for part, seen in zip(q, marginals(joint.astype(float)))]
    return Filtered(product([part / part.sum() for part in kept]), F, converged, damped)


def digamma(x: float) -> float:
    """ψ(x), the slope of ln Γ, from four points around x."""
    h = 1e-3
    near, far = (math.lgamma(x + k * h) - math.lgamma(x - k * h) for k in (1, 2))
    return (8 * near - far) / (12 * h)


def dirichlet_divergence(a: Array, b: Array) -> float:
    """KL[Dir(a) ‖ Dir(b)] in nats."""
    logs = math.lgamma(a.sum()) - math.lgamma(b.sum()) + sum(math.lgamma(y) - math.lgamma(x) for x, y in zip(a, b))
    return logs + sum((x - y) * (digamma(x) - digamma(a.sum())) for x, y in zip(a, b) if x != y)


def information_gain(counts: Array) -> float:
    """How much one more outcome is expected to tell about the probabilities behind these counts."""
    counts = counts[counts > 0]
    expected = counts / counts.sum()
    return sum(p * dirichlet_divergence(counts + np.eye(len(counts))[o], counts) for o, p in enumerate(expected))


@dataclass
class Counts:
    """Dirichlet counts: what they started from and what they are."""

    start: dict[str, Any]
    now: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        copied = {name: [np.array(part) for part in parts] for name, parts in self.start.items()}
        self.start, self.now = copied, {name: [part.copy() for part in parts] for name, parts in copied.items()}


def starting_counts(model: ai.Model, learning: ai.Learning | None, num_policies: int) -> Counts:
    """The model's counts, else `concentration` times its probabilities."""
    found: dict[str, Any] = {}
    if learning is not None and learning.A:
        found["A"] = [
            (A.dense() * learning.concentration if pA is None else pA.dense()) for A, pA in zip(model.A, model.pA)
        ]
    if learning is not None and learning.B:
        found["B"] = [
            (B.dense() * learning.concentration if pB is None else pB.dense()) for B, pB in zip(model.B, model.pB)
        ]
    if learning is not None and learning.D:
        found["D"] = [(D * learning.concentration if pD is None else pD) for D, pD in zip(model.D, model.pD)]
    if learning is not None and learning.E:
        habits = model.E if model.E is not None else np.full(num_policies, 1.0 / num_policies)
        found["E"] = [habits * learning.concentration if model.pE is None else model.pE]
    return Counts(found)


@dataclass
class SlowStep:
    """What a step finds; arrays as in `actinf.Step` and `actinf.Explanation`."""

    qs: list[Array]
    joint: Array
    F: float
    converged: bool
    damped: bool
    G: Array
    q_pi: Array
    q_action: Array
    p_action: Array
    risk: Array
    ambiguity: Array
    novelty_A: Array
    novelty_B: Array
    near_tie: bool


class SlowAgent:
    """An agent with the settings of another, step by step."""

    def __init__(self, agent: ai.Agent):
        self.agent = agent
        self.exact = isinstance(agent.inference, ai.Exact)
        self.tables = Tables.of(agent.model)
        self.policies = self._policies()
        self.counts = starting_counts(agent.model, agent.learning, len(self.policies))
        self._use_counts()
        self.time = 0
        self.belief: Array | None = None

    def _policies(self) -> list[tuple[State, ...]]:
        planner = self.agent.planner
        if planner.policies is None:
            return list(itertools.product(self.tables.joint_actions(), repeat=planner.horizon))
        given = np.asarray(planner.policies)
        given = given.reshape(*given.shape[:2], -1)
        return [tuple(tuple(int(a) for a in joint) for joint in policy) for policy in given]

    def _use_counts(self) -> None:
        now = self.counts.now
        self.tables.A = [normalised(part) for part in now["A"]] if "A" in now else self.tables.A
        self.tables.B = [normalised(part) for part in now["B"]] if "B" in now else self.tables.B
        self.tables.D = [normalised(part) for part in now["D"]] if "D" in now else self.tables.D
        self.tables.E = normalised(now["E"][0]) if "E" in now else self.tables.E

    def next_episode(self) -> None:
        self.time, self.belief = 0, None

    def step(self, observation: list[Any], executed: State | None) -> SlowStep:
        """`executed` is the joint action before this observation, None at the first."""
        if self.belief is None:
            prior = self.tables.initial()
        else:
            assert executed is not None
            prior = self.tables.push(self.belief, executed)
        if self.exact:
            found = filter_exactly(self.tables, prior, observation)
        else:
            found = filter_by_mean_field(self.tables, marginals(prior), observation, self.agent.inference)
        previous, self.belief = self.belief, found.belief
        self._learn(observation, executed, previous)
        planned = self._plan()
        self._learn_habits(planned["q_pi"])
        self.time += 1
        return SlowStep(
            marginals(found.belief),
            found.belief,
            found.F,
            found.converged,
            found.damped,
            **planned,
            **self._choose(planned),
        )

    # ------------------------------------------------------------------------------------------------------ learning

    def _update(self, part: str, added: list[Array]) -> None:
        """c ← c₀ + (1 − forgetting)(c − c₀) + rate·Δ; zeros of c₀ stay zero."""
        learning = self.agent.learning
        assert learning is not None
        for i, (start, now, delta) in enumerate(zip(self.counts.start[part], self.counts.now[part], added)):
            new = start + (1 - learning.forgetting) * (now - start) + learning.rate * delta
            self.counts.now[part][i] = np.where(start > 0, new, 0.0)

    def _learn(self, observation: list[Any], executed: State | None, previous: Array | None) -> None:
        tables, now = self.tables, marginals(self.belief)
        if "A" in self.counts.now:
            added = []
            for m, value in enumerate(observation):
                weights = weights_of(value, tables.num_obs[m])
                q = product([now[f] for f in tables.A_parents[m]])
                added.append(np.multiply.outer(np.zeros(tables.num_obs[m]) if weights is None else weights, q))
            self._update("A", added)
        if "B" in self.counts.now:
            added = [np.zeros_like(table) for table in tables.B]
            if previous is not None:
                before = marginals(previous)
                for f, control in enumerate(tables.control_of_factor):
                    pair = np.multiply.outer(now[f], product([before[g] for g in tables.B_parents[f]]))
                    added[f][..., 0 if control is None else executed[control]] = pair
            self._update("B", added)
        if "D" in self.counts.now:
            self._update("D", now if previous is None else [np.zeros_like(part) for part in now])
        self._use_counts()

    def _learn_habits(self, q_pi: Array) -> None:
        if "E" in self.counts.now:
            self._update("E", [q_pi])
            self._use_counts()

    # ------------------------------------------------------------------------------------------------------ planning

    def _predicted(self, policy: tuple[State, ...]) -> list[Array]:
        """The beliefs along a policy, the present one first."""
        beliefs = [self.belief]
        for action in policy:
            later = self.tables.push(beliefs[-1], action)
            beliefs.append(later if self.exact else product(marginals(later)))
        return beliefs

    def _plan(self) -> dict[str, Array]:
        tables, agent = self.tables, self.agent
        shape = (len(self.policies), len(self.policies[0]), len(tables.num_obs))
        risk, ambiguity, novelty_A = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        novelty_B = np.zeros(shape[:2])
        for p, policy in enumerate(self.policies):
            beliefs = self._predicted(policy)
            for tau, belief in enumerate(beliefs[1:], start=1):
                for m in range(len(tables.num_obs)):
                    here = p, tau - 1, m
                    risk[here], ambiguity[here], novelty_A[here] = self._terms(m, belief, self.time + tau)
                if agent.planner.novelty and "B" in self.counts.now:
                    novelty_B[p, tau - 1] = self._novelty_of_B(beliefs[tau - 1], policy[tau - 1])
        G = (risk + ambiguity - novelty_A).sum(axis=(1, 2)) - novelty_B.sum(axis=1)
        with np.errstate(divide="ignore"):
            log_E = np.zeros(len(G)) if tables.E is None else np.log(tables.E)
        q_pi = np.exp(log_softmax(log_E - agent.gamma * G))
        joint_actions = tables.joint_actions()
        q_action = np.zeros(len(joint_actions))
        for p, policy in enumerate(self.policies):
            q_action[joint_actions.index(policy[0])] += q_pi[p]
        return {
            "risk": risk,
            "ambiguity": ambiguity,
            "novelty_A": novelty_A,
            "novelty_B": novelty_B,
            "G": G,
            "q_pi": q_pi,
            "q_action": q_action,
        }

    def _terms(self, m: int, belief: Array, time: int) -> tuple[float, float, float]:
        """KL[q(o) ‖ p(o)], E_q[H[A]] and the expected information about A."""
        tables = self.tables
        qo, ambiguity, novelty = np.zeros(tables.num_obs[m]), 0.0, 0.0
        for state in tables.states():
            column = tables.outcomes(m, state)
            qo += belief[state] * column
            ambiguity -= belief[state] * xlogx(column).sum()
            if self.agent.planner.novelty and "A" in self.counts.now:
                at = (slice(None), *(state[f] for f in tables.A_parents[m]))
                novelty += belief[state] * information_gain(self.counts.now["A"][m][at])
        log_C = log_softmax(tables.C[m][min(time, len(tables.C[m]) - 1)])
        return float(xlogx(qo).sum() - qo @ log_C), ambiguity, novelty

    def _novelty_of_B(self, belief: Array, action: State) -> float:
        found = 0.0
        for state in self.tables.states():
            for f, control in enumerate(self.tables.control_of_factor):
                parents = (state[g] for g in self.tables.B_parents[f])
                at = (slice(None), *parents, 0 if control is None else action[control])
                found += belief[state] * information_gain(self.counts.now["B"][f][at])
        return found

    def _choose(self, planned: dict[str, Array]) -> dict[str, Any]:
        """The probability of choosing each joint action; near_tie where rounding may decide what is a tie."""
        agent = self.agent
        marginal = isinstance(agent.choice, ai.MarginalAction)
        q = planned["q_action"] if marginal else planned["q_pi"]
        with np.errstate(divide="ignore"):
            below = np.log(q.max()) - np.log(q)
        near_tie = False
        if agent.alpha is None:
            weights = (below <= 1e-9).astype(float)
            if agent.dtype == "float64":
                near_tie = bool(np.any((below > 1e-12) & (below < 1e-6)))
            else:  # there rounding decides even between values that are equal
                near_tie = bool(np.sum(below < 1e-2) > 1)
        else:
            weights = np.exp(-agent.alpha * below)
        weights /= weights.sum()
        if marginal:
            return {"p_action": weights, "near_tie": near_tie}
        joint_actions = self.tables.joint_actions()
        p_action = np.zeros(len(joint_actions))
        for p, policy in enumerate(self.policies):
            p_action[joint_actions.index(policy[0])] += weights[p]
        return {"p_action": p_action, "near_tie": near_tie}
