"""The peer's side: a worker that runs inside an interpreter that has inferactively-pymdp 1.0.4, and not actinf.

It reads one request a line from stdin and writes one answer a line to stdout, both JSON; arrays travel as .npz files.
It uses pymdp by its public API only, each time in the fastest way found to use it: the whole step is one jitted
function, compiled and warm before anything is timed, and every time includes the arrival of the result in NumPy.  Where
two ways of use compete (`variants`), both are measured and the parent keeps the faster one.

Stand-alone on purpose: nothing of actinf is imported here.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

NUM_ITERATIONS = 16  # pymdp's default; the parent checks that the posteriors agree


def load_model(path: str) -> dict[str, Any]:
    """The arrays of a model file, as lists by modality and by factor."""
    with np.load(path) as file:
        modalities, factors = range(int(file["num_modalities"])), range(int(file["num_factors"]))
        return {
            "A": [file[f"A{m}"] for m in modalities],
            "B": [file[f"B{f}"] for f in factors],
            "C": [file[f"C{m}"] for m in modalities],
            "D": [file[f"D{f}"] for f in factors],
            "A_dependencies": [file[f"A_dependencies{m}"].tolist() for m in modalities],
            "B_dependencies": [file[f"B_dependencies{f}"].tolist() for f in factors],
            "horizon": int(file["horizon"]),
            "gamma": float(file["gamma"]),
        }


def make_agent(model: dict[str, Any], batch_size: int = 1, **overrides: Any) -> Any:
    """A pymdp agent of this model: fixed-point inference, every policy, actions by their marginals."""
    import jax.numpy as jnp
    from pymdp.agent import Agent

    arrays: dict[str, Any] = {key: [jnp.asarray(x) for x in model[key]] for key in ("A", "B", "C", "D")}
    return Agent(
        **(arrays | {"gamma": model["gamma"]} | overrides),
        A_dependencies=model["A_dependencies"],
        B_dependencies=model["B_dependencies"],
        policy_len=model["horizon"],
        inference_algo="fpi",
        num_iter=NUM_ITERATIONS,
        action_selection="deterministic",
        sampling_mode="marginal",
        batch_size=batch_size,
    )


def one_step(agent: Any, prior: Any, observation: Any) -> tuple[Any, Any, Any, Any]:
    """The loop of pymdp's documentation for one time step: states, policies, action, and the next prior."""
    qs = agent.infer_states([observation[:, m] for m in range(observation.shape[1])], empirical_prior=prior)
    q_pi, _ = agent.infer_policies(qs)
    action = agent.sample_action(q_pi)
    return action, qs, q_pi, agent.update_empirical_prior(action, qs)


class Stepper:
    """One agent, stepped by one jitted call.

    Variant "constants" closes over the agent, so that its arrays are constants of the compiled program; variant
    "arguments" hands them over at each call.
    """

    def __init__(self, model: dict[str, Any], variant: str):
        import jax

        self.agent = make_agent(model)
        if variant == "constants":
            self.call = jax.jit(partial(one_step, self.agent))
        else:
            leaves, structure = jax.tree_util.tree_flatten(self.agent)
            whole = jax.jit(lambda leaves, *rest: one_step(jax.tree_util.tree_unflatten(structure, leaves), *rest))
            self.call = partial(whole, leaves)
        self.start()

    def start(self) -> None:
        """Begin an episode: the prior is D again."""
        self.prior = self.agent.D

    def step(self, observation: Any) -> tuple[Any, list[Any], Any]:
        """Action, q(s) and q(pi) as NumPy arrays; the prior of the next step stays on the device."""
        action, qs, q_pi, self.prior = self.call(self.prior, observation)
        return np.asarray(action), [np.asarray(q) for q in qs], np.asarray(q_pi)


def time_steps(request: dict[str, Any], model: dict[str, Any], cache: dict[Any, Any]) -> dict[str, Any]:
    """Nanoseconds of each step over the observations of an episode again and again; `seconds` of steps in all."""
    with np.load(request["episode"]) as file:
        rows = [np.ascontiguousarray(row[None], dtype=np.int32) for row in file["observations"]]
    key = (request["model"], request["variant"])
    if key not in cache:
        cache[key] = Stepper(model, request["variant"])
        for row in rows[:3]:
            cache[key].step(row)
    stepper, times, spent = cache[key], [], 0
    for i in range(request["most"]):
        if spent > request["seconds"] * 1e9 and i >= request["least"]:
            break
        if i % len(rows) == 0:
            stepper.start()
        start = time.perf_counter_ns()
        stepper.step(rows[i % len(rows)])
        times.append(time.perf_counter_ns() - start)
        spent += times[-1]
    return {"nanoseconds": times}


def replay(request: dict[str, Any], model: dict[str, Any], cache: dict[Any, Any]) -> dict[str, Any]:
    """q(s) and q(pi) at every step of an episode that was recorded elsewhere, with the actions that were executed."""
    import jax

    del cache
    with np.load(request["episode"]) as file:
        observations, actions = file["observations"], file["actions"]
    agent = make_agent(model)
    step = jax.jit(partial(one_step, agent))
    advance = jax.jit(lambda action, qs: agent.update_empirical_prior(action, qs))
    prior, states, policies = agent.D, [], []
    for observation, action in zip(observations, actions, strict=True):
        _, qs, q_pi, _ = step(prior, np.asarray(observation[None], dtype=np.int32))
        prior = advance(np.asarray(action[None], dtype=np.int32), qs)
        states.append([np.asarray(q)[0, -1] for q in qs])
        policies.append(np.asarray(q_pi)[0])
    by_factor: dict[str, Any] = {f"qs{f}": np.stack([qs[f] for qs in states]) for f in range(len(model["D"]))}
    np.savez(request["out"], **by_factor, q_pi=np.stack(policies))
    return {}


def rollout_of_pymdp(
    model: dict[str, Any], num_agents: int, num_steps: int, own: dict[str, Any] | None
) -> Callable[[Any], Any]:
    """Variant "rollout": pymdp's own `rollout` of a batched agent in its own table environment.

    Only observations and actions are asked for, so that the compiler drops the rest of the record.
    """
    import jax
    import jax.numpy as jnp
    from pymdp.envs.env import PymdpEnv
    from pymdp.envs.rollout import rollout

    agent = make_agent(model, num_agents, **(own or {}))
    tables: dict[str, Any] = {key: [jnp.asarray(x) for x in model[key]] for key in ("A", "B", "D")}
    env = PymdpEnv(**tables, A_dependencies=model["A_dependencies"], B_dependencies=model["B_dependencies"])

    leaves, structure = jax.tree_util.tree_flatten(agent)

    @jax.jit
    def run(leaves: Any, key: Any) -> Any:
        agent = jax.tree_util.tree_unflatten(structure, leaves)
        _, info = rollout(agent, env, num_steps - 1, key)  # it runs one step more than it is told
        return info["observation"], info["action"]

    return partial(run, leaves)


def draw(uniform: Any, probabilities: Any) -> Any:
    """An index drawn from a distribution by one uniform number."""
    import jax.numpy as jnp

    return jnp.minimum((jnp.cumsum(probabilities) <= uniform).sum(), len(probabilities) - 1).astype(jnp.int32)


def mapped_scan(
    model: dict[str, Any], num_agents: int, num_steps: int, own: dict[str, Any] | None
) -> Callable[[Any], Any]:
    """Variant "vmap": an unbatched agent under `vmap` and `scan`, so that all agents share one copy of the tables,
    in a table world with one uniform number for each draw."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    template = make_agent(model)
    A, B, D = ([jnp.asarray(x) for x in model[key]] for key in ("A", "B", "D"))
    draws = len(A) + len(B)

    def observe(uniforms: Any, state: Any) -> Any:
        columns = [a[(slice(None), *(state[f] for f in deps))] for a, deps in zip(A, model["A_dependencies"])]
        return jnp.stack([draw(u, p) for u, p in zip(uniforms, columns)])

    def one_agent(key: Any, individual: Any) -> Any:
        agent = template
        if individual is not None:
            agent = eqx.tree_at(
                lambda a: (a.C, a.gamma), agent, ([c[None] for c in individual["C"]], individual["gamma"][None])
            )

        def step(carry: Any, uniforms: Any) -> Any:
            state, prior = carry
            observation = observe(uniforms[: len(A)], state)
            action, _, _, prior = one_step(agent, prior, observation[None])
            moves = [
                b[(slice(None), *(state[f] for f in deps), u)]
                for b, deps, u in zip(B, model["B_dependencies"], action[0])
            ]
            state = jnp.stack([draw(u, p) for u, p in zip(uniforms[len(A) :], moves)])
            return (state, prior), (observation, action[0])

        uniforms = jax.random.uniform(key, (num_steps + 1, draws))
        state = jnp.stack([draw(u, d) for u, d in zip(uniforms[0], D)])
        return jax.lax.scan(step, (state, agent.D), uniforms[1:])[1]

    @jax.jit
    def run(individual: Any, key: Any) -> Any:
        keys = jax.random.split(key, num_agents)
        return jax.vmap(one_agent, in_axes=(0, None if individual is None else 0))(keys, individual)

    return partial(run, own)


ROLLOUTS = {"rollout": rollout_of_pymdp, "vmap": mapped_scan}


def time_batch(request: dict[str, Any], model: dict[str, Any], cache: dict[Any, Any]) -> dict[str, Any]:
    """Seconds of each whole rollout of a batch, observations and actions in NumPy included."""
    import jax
    import jax.numpy as jnp

    agents, steps, variant, individual = (request[key] for key in ("agents", "steps", "variant", "individual"))
    key = (request["model"], variant, agents, steps, individual)
    if key not in cache:
        own = None
        if individual:
            with np.load(individual) as file:
                preferences = [jnp.asarray(file[f"C{m}"]) for m in range(len(model["A"]))]
                own = {"C": preferences, "gamma": jnp.asarray(file["gamma"])}
        cache[key] = ROLLOUTS[variant](model, agents, steps, own)
        jax.block_until_ready(cache[key](jax.random.PRNGKey(0)))
    times = []
    for repeat in range(request["repeats"]):
        seed = jax.block_until_ready(jax.random.PRNGKey(repeat))
        start = time.perf_counter()
        jax.tree_util.tree_map(np.asarray, cache[key](seed))
        times.append(time.perf_counter() - start)
    return {"seconds": times, "peak_bytes": peak_bytes()}


OPERATIONS = {"step": time_steps, "replay": replay, "batch": time_batch}


def peak_bytes() -> int:
    """The highest resident memory of this process so far.

    Not ru_maxrss where it can be helped: that one remembers the parent's memory across vfork and exec.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def versions() -> dict[str, str]:
    """What the figures were measured with."""
    from importlib.metadata import version

    return {name: version(name) for name in ("inferactively-pymdp", "jax", "jaxlib", "numpy")}


def serve(requests: Iterator[str], answer: Callable[[dict[str, Any]], None]) -> None:
    """Answer requests until stdin ends."""
    models: dict[str, dict[str, Any]] = {}
    cache: dict[Any, Any] = {}
    for line in requests:
        request = json.loads(line)
        if request["op"] == "versions":
            answer({"versions": versions()})
            continue
        path = request["model"]
        if path not in models:
            models[path] = load_model(path)
        answer(OPERATIONS[request["op"]](request, models[path], cache))


def first_result(path: str, agents: int, steps: int, variant: str) -> dict[str, Any]:
    """What a fresh process must do before it knows anything: one step of one agent, or a rollout of a batch."""
    import jax

    model = load_model(path)
    if agents == 0:
        result = Stepper(model, "constants").step(np.zeros((1, len(model["A"])), dtype=np.int32))[0]
    else:
        result = np.asarray(ROLLOUTS[variant](model, agents, steps, None)(jax.random.PRNGKey(0))[1])
    return {"shape": result.shape, "peak_bytes": peak_bytes()}


def main() -> None:
    """Serve, or with --first take one measurement and leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--first", metavar="MODEL", help="one step with this model, or a rollout of --agents, and leave"
    )
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--variant", choices=sorted(ROLLOUTS), default="rollout")
    parser.add_argument("--cache", metavar="FOLDER", help="keep compiled programs in this folder")
    parser.add_argument("--double", action="store_true", help="calculate in float64")
    arguments = parser.parse_args()

    # What libraries print must not come between the lines of the protocol.
    protocol = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(record: dict[str, Any]) -> None:
        protocol.write(json.dumps(record) + "\n")

    import jax

    if arguments.double:
        jax.config.update("jax_enable_x64", True)
    if arguments.cache:
        jax.config.update("jax_compilation_cache_dir", arguments.cache)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if arguments.first:
        answer(first_result(arguments.first, arguments.agents, arguments.steps, arguments.variant))
    else:
        serve(iter(sys.stdin.readline, ""), answer)


if __name__ == "__main__":
    main()
