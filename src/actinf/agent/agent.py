"""The agent: a model together with the ways in which it infers, plans, chooses and learns."""

from dataclasses import replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.loop import run_job
from actinf.agent.observation import ActionReader, ObservationReader
from actinf.agent.parameters import Parameters, entries, prior_counts, write_theta
from actinf.agent.program import Program, lower
from actinf.agent.replay import Evidence, replay
from actinf.agent.session import Results, Session, Snapshot
from actinf.agent.settings import Settings
from actinf.agent.structure import Structure, joint_structure, own_structure
from actinf.errors import ModelError, SettingError
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.kernels import layout as L
from actinf.kernels.buffers import view
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.planning.choice import BestPolicy, MarginalAction
from actinf.planning.dense import DensePlan, worth_it
from actinf.planning.exhaustive import Exhaustive, PolicyTree, policy_tree

__all__ = ["Agent"]

JOINT_SUPPORT_BUDGET = 65_536
TIE_IN_NATS = {"float64": 1e-9, "float32": 1e-4}
SMALLEST_SUPPORTED = {"float64": 1e-300, "float32": 1e-37}
FINEST_TOLERANCE = {"float64": 0.0, "float32": 1e-6}
SAME_UP_TO_ROUNDING = {"float64": 2.0**-48, "float32": 2.0**-19}  # 16 units in the last place
GRAINS_OF_A_HASH = {"float64": 2.0**24, "float32": 2.0**12}  # far coarser than rounding, so that equals rarely part


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _name_of_type(dtype: Any) -> str:
    """The name of a type of numbers, as NumPy writes it; of anything else what it looks like."""
    try:
        return str(np.dtype(dtype).name) if dtype is not None else "None"
    except TypeError:
        return str(dtype)


class Agent:
    """An active inference agent, ready to be started, simulated or fitted to a recording.

    Args:
        model: what the agent believes about its world.
        inference: how it infers hidden states: `FixedPoint()` (mean field) or `Exact()`.
        planner: how it evaluates policies: `Exhaustive(horizon=H)`.
        gamma: policy precision γ ≥ 0 in q_π = softmax(ln E − γ·G).
        alpha: action precision: None takes the most probable action; a number > 0 samples ∝ q(u)^alpha.
        choice: what is chosen: `MarginalAction()` (the next joint action) or `BestPolicy()`.
        learning: what it learns, `Learning(...)`, or None.
        dtype: "float64" or "float32", of all beliefs and parameters.

    Raises:
        SettingError: when a setting is out of its range or has no effect together with the others.
        BudgetError: when the policies or the joint states do not fit into memory.
        ModelError: when E or pE do not fit the planner's policies.

    >>> import actinf as ai
    >>> agent = ai.Agent(ai.Model.load("tmaze.yaml"), planner=ai.Exhaustive(horizon=2))
    >>> session = agent.start(seed=0)
    >>> session.step({"where": "centre", "cue": "none"}).action
    {'location': 'cue'}
    """

    def __init__(
        self,
        model: Model,
        *,
        inference: FixedPoint | Exact | None = None,
        planner: Exhaustive | None = None,
        gamma: float = 16.0,
        alpha: float | None = None,
        choice: MarginalAction | BestPolicy | None = None,
        learning: Learning | None = None,
        dtype: str = "float64",
    ):
        self.model = model
        self.inference = inference if inference is not None else FixedPoint()
        self.planner = planner if planner is not None else Exhaustive()
        self.gamma = gamma
        self.alpha = alpha
        self.choice = choice if choice is not None else MarginalAction()
        self.learning = learning
        self.dtype = _name_of_type(dtype)
        self._check()
        self.tree: PolicyTree = policy_tree(self.planner, model.num_controls)
        self.own_structure: Structure = own_structure(model)
        self.packed_structure: Structure = self.own_structure
        if isinstance(self.inference, Exact) and len(model.num_states) > 1:
            self.packed_structure = joint_structure(self.own_structure, self.inference.max_joint_states)
        elif isinstance(self.inference, Exact) and model.num_states[0] > self.inference.max_joint_states:
            joint_structure(self.own_structure, self.inference.max_joint_states)
        if model.E is not None and len(model.E) != self.tree.num_policies:
            part, unit = ("E", "probability") if model.pE is None else ("pE", "count")
            raise ModelError(
                f"{part} has {len(model.E)} entries, but {self.planner!r} means {self.tree.num_policies} policies: "
                f"give one {unit} for each, or leave {part} out"
            )
        self.program: Program = self._lower(terms=False)
        self.results = Results.of(self.program.ints, model)
        self.actions = ActionReader(model)
        self.observations = ObservationReader(model)

    def _check(self) -> None:
        if not isinstance(self.model, Model):
            raise SettingError(
                f"Agent(model) got {type(self.model).__name__}: expected a Model; Model.load reads one from a file"
            )
        kinds: tuple[tuple[str, Any, tuple[type, ...]], ...] = (
            ("inference", self.inference, (FixedPoint, Exact)),
            ("planner", self.planner, (Exhaustive,)),
            ("choice", self.choice, (MarginalAction, BestPolicy)),
            ("learning", self.learning, (Learning, type(None))),
        )
        for name, value, allowed in kinds:
            if not isinstance(value, allowed):
                names = " or ".join(f"{kind.__name__}()" for kind in allowed if kind is not type(None))
                raise SettingError(f"Agent({name}={value!r}): expected {names}")
        if self.dtype not in TIE_IN_NATS:
            raise SettingError(f"Agent(dtype={self.dtype!r}): expected 'float64' or 'float32'")
        if not _is_number(self.gamma) or not 0.0 <= self.gamma < np.inf:
            raise SettingError(f"Agent(gamma={self.gamma!r}): expected a finite number of at least 0")
        if self.alpha is not None and (not _is_number(self.alpha) or not 0.0 < self.alpha < np.inf):
            raise SettingError(
                f"Agent(alpha={self.alpha!r}): expected a positive number, or None for the most probable action"
            )
        if self.planner.novelty and not (self.learning and (self.learning.A or self.learning.B)):
            raise SettingError(
                "Exhaustive(novelty=True) seeks information about A and B, but the agent learns neither: add "
                "learning=Learning(A=True) or leave novelty out"
            )

    @property
    def _learns(self) -> frozenset[str]:
        return frozenset(part for part in "ABDE" if self.learning is not None and getattr(self.learning, part))

    @property
    def has_habits(self) -> bool:
        """Whether policies have a prior, given or learned."""
        return self.model.E is not None or self.model.pE is not None or "E" in self._learns

    @cached_property
    def _preference_sizes(self) -> tuple[tuple[int, int], ...]:
        return tuple((C.shape[0], C.shape[1]) for C in self.model.C)

    def settings(self) -> Settings:
        """What the choice objects lower to."""
        return Settings(
            choice=L.MARGINAL_ACTION if isinstance(self.choice, MarginalAction) else L.BEST_POLICY,
            max_iterations=self.inference.max_iterations if isinstance(self.inference, FixedPoint) else 1,
            joint_budget=JOINT_SUPPORT_BUDGET,
            learns=self._learns,
            novelty=self.planner.novelty,
            horizon=self.planner.horizon,
            max_memory=self.planner.max_memory,
            has_habits=self.has_habits,
            preference_sizes=self._preference_sizes,
            itemsize=np.dtype(self.dtype).itemsize,
        )

    def _lower(self, *, terms: bool) -> Program:
        return lower(self.packed_structure, self.own_structure, self.tree, self.settings(), terms=terms)

    @cached_property
    def terms_program(self) -> Program:
        """The same program, keeping the terms of G by policy prefix; made when first asked for."""
        return self._lower(terms=True)

    @cached_property
    def own_program(self) -> Program:
        """The model's own factors lowered, for learning and marginals; the program itself unless inference is joint."""
        if not self.packed_structure.joint:
            return self.program
        tree = replace(self.tree, size=(1, 1), num_policies=self.tree.num_policies)
        settings = replace(self.settings(), horizon=1)
        return lower(self.own_structure, self.own_structure, tree, settings)

    @cached_property
    def parameters(self) -> Parameters:
        """The agent's numbers as one shared row."""
        model, structure = self.model, self.own_structure
        habits = model.E
        if habits is None and model.pE is not None:
            habits = model.pE
        return Parameters(
            A=entries(model.A, structure.A)[None],
            B=entries(model.B, structure.B)[None],
            C=np.concatenate([C.ravel() for C in model.C])[None],
            D=np.concatenate(list(model.D))[None],
            E=np.zeros((1, 0)) if habits is None else np.asarray(habits)[None],
            gamma=np.array([[float(self.gamma)]]),
            alpha=np.array([[-1.0 if self.alpha is None else float(self.alpha)]]),
            **prior_counts(model, structure, self.learning, self.tree.num_policies),
        )

    def counts_as_parameters(self, carry: NDArray[Any]) -> Parameters:
        """The agent's numbers with learned counts in the place of the prior ones; carry is (…,) or (rows, …)."""
        rows = np.atleast_2d(carry).astype(np.float64)
        sections = {
            "counts_A": L.C_COUNTS_A,
            "counts_B": L.C_COUNTS_B,
            "counts_D": L.C_COUNTS_D,
            "counts_E": L.C_COUNTS_E,
        }
        counts = {name: view(rows, self.program.ints, section) for name, section in sections.items()}
        return replace(self.parameters, **{name: part for name, part in counts.items() if part.shape[1]})

    @cached_property
    def knobs(self) -> NDArray[np.float64]:
        """The numbers among the settings, as the kernels read them."""
        knobs = np.zeros(L.NUM_KNOBS)
        if isinstance(self.inference, FixedPoint):
            knobs[L.K_LOG_FLOOR] = self.inference.log_floor
            knobs[L.K_TOLERANCE] = max(self.inference.tolerance, FINEST_TOLERANCE[self.dtype])
        if self.learning is not None:
            knobs[L.K_RATE], knobs[L.K_FORGETTING] = self.learning.rate, self.learning.forgetting
        knobs[L.K_TIE], knobs[L.K_TINY] = TIE_IN_NATS[self.dtype], SMALLEST_SUPPORTED[self.dtype]
        knobs[L.K_SAME], knobs[L.K_GRAIN] = SAME_UP_TO_ROUNDING[self.dtype], GRAINS_OF_A_HASH[self.dtype]
        return knobs

    def theta(self, parameters: Parameters, *, own: bool = False, program: Program | None = None) -> NDArray[Any]:
        """The numbers of each row of parameters as the kernels read them, (rows, …) of the agent's dtype.

        Args:
            parameters: one shared row, or one for each agent.
            own: for the model's own factors instead of the structure that inference works on.
            program: the lowered form, where it is not the agent's own.
        """
        structure = self.own_structure if own else self.packed_structure
        program = program if program is not None else (self.own_program if own else self.program)
        length = program.lengths["theta"]
        sizes = list(self._preference_sizes)
        apart = bool(view(program.ints, program.ints, L.SCALARS)[L.S_TERMS])
        theta = write_theta(
            parameters, self.own_structure, structure, program.ints, length, self.knobs, sizes, apart=apart
        )
        if self.dtype == "float32":  # rounding must not turn what is possible into what is impossible
            for section in (L.T_A, L.T_B, L.T_D):
                part = view(theta, program.ints, section)
                part[(part > 0.0) & (part < SMALLEST_SUPPORTED[self.dtype])] = SMALLEST_SUPPORTED[self.dtype]
        return theta.astype(self.dtype)

    @property
    def plans_densely(self) -> bool:
        """Whether planning goes through matrix products instead of the graph of beliefs."""
        packed = self.packed_structure
        return (
            len(packed.num_states) == 1
            and self.tree.exhaustive
            and not self._learns & {"A", "B"}
            and worth_it(packed.num_states[0], packed.B[0].num_entries, packed.num_joint_actions)
        )

    def dense_plan(self, theta: NDArray[Any]) -> DensePlan:
        """The matrices of one row of theta; only for an agent that plans densely."""
        packed, ints = self.packed_structure, self.program.ints
        states, actions = packed.num_states[0], packed.num_joint_actions
        transition = np.zeros((actions * states, states), dtype=self.dtype)
        transition[packed.B[0].column_of_entry, packed.B[0].row] = view(theta, ints, L.T_B)
        outcome = np.zeros((states, sum(packed.num_obs) + 1), dtype=self.dtype)
        ambiguity, A = view(theta, ints, L.T_AMBIGUITY), view(theta, ints, L.T_A)
        log_c, flat = [], view(theta, ints, L.T_LOG_C)
        entry = row = at = 0
        for m, table in enumerate(packed.A):
            outcome[table.column_of_entry, row + table.row] = A[entry : entry + table.num_entries]
            outcome[:, -1] += ambiguity[m * states : (m + 1) * states]
            rows, outcomes = self._preference_sizes[m]
            log_c.append(flat[at : at + rows * outcomes].reshape(rows, outcomes))
            entry, row, at = entry + table.num_entries, row + packed.num_obs[m], at + rows * outcomes
        return DensePlan.of(transition.reshape(actions, states, states), outcome, log_c, self.planner.horizon)

    @property
    def num_policies(self) -> int:
        """How many policies are evaluated at each step."""
        return self.tree.num_policies

    @cached_property
    def policies(self) -> NDArray[np.int64]:
        """(num_policies, horizon, num_controls) action indices, in the order of `q_pi`, `G` and E."""
        if self.planner.policies is not None:
            given = self.planner.policies
            return np.array(given if given.ndim == 3 else given[:, :, None], dtype=np.int64)
        joint_actions = len(self.actions.digits)
        numbers = np.arange(self.num_policies)
        joint = [
            numbers // joint_actions ** (self.planner.horizon - 1 - t) % joint_actions
            for t in range(self.planner.horizon)
        ]
        return np.asarray(self.actions.digits[np.stack(joint, axis=1)])

    def policy_names(self) -> list[str]:
        """A label for each policy: actions joined by "+" over controls and " > " over time."""
        words = [[control.actions[a] for a in range(len(control.actions))] for control in self.model.controls]
        return [
            " > ".join("+".join(words[c][a] for c, a in enumerate(joint)) for joint in policy)
            for policy in self.policies
        ]

    def kernel(self) -> Any:
        """The compiled loop for this agent's dtype: called with the words of a `Frame` and the buffer for results."""
        return run_job.compiled(self.dtype)

    def start(self, seed: int = 0, index: int = 0) -> Session:
        """One agent of its own, at the first step of its first episode.

        Args:
            seed: of the run; index: the agent's row.  `start(seed=s, index=i)` acts as row i of `simulate(seed=s)`.
        """
        return Session(self, seed=seed, index=index)

    def resume(self, snapshot: Snapshot) -> Session:
        """The session that a snapshot was taken of, at the same step with the same beliefs, counts and random stream.

        Raises:
            SettingError: when the snapshot is of another model or of other settings.
        """
        return Session.resumed(self, snapshot)

    def replay(self, observations: Any, actions: Any, *, seed: int = 0) -> Evidence:
        """How probable a recorded subject's actions are, by the kernel that simulates: the basis of fitting behaviour.

        Args:
            observations: T observations, each as for `Session.step`.
            actions: T actions, each as `executed` of `Session.step`; None where no action was recorded (the agent's
                own choice then moves its beliefs).
            seed: of the agent's own choices, where they are needed.

        Returns:
            the Evidence.  With `alpha=None` an action that is not the most probable one has ln p = −inf: give the
            agent an alpha.

        Raises:
            ObservationError: for what the model does not know; ImpossibleObservation: for what it excludes.
        """
        return replay(self, observations, actions, seed=seed)

    def settings_text(self) -> str:
        """All settings, as they would be written."""
        return (
            f"inference={self.inference!r}, planner={self.planner!r}, gamma={self.gamma}, alpha={self.alpha}, "
            f"choice={self.choice!r}, learning={self.learning!r}, dtype={self.dtype!r}"
        )

    def __repr__(self) -> str:
        return f"Agent({self.model.name or 'model'}, {self.settings_text()})"
