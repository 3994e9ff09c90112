"""What Grafana shows of the engine: agents, steps, simulations."""

from dashboards.parts import API, Board, Query, Shown, by, mean, one, quantiles, rate

__all__ = ["ENGINE"]

ENGINE = Board(
    "engine",
    "Engine",
    "What the agents do, how surprised they are, and how long it takes to think.",
    None,
    (
        (
            "Steps",
            (
                Shown("Steps", "ops", one(f"sum({rate('actinf_step_seconds_count')})", "steps"), "A second."),
                Shown("One step", "s", quantiles("actinf_step_seconds"), "Inference, planning and choice."),
                Shown("Planning", "s", quantiles("actinf_plan_seconds"), "And choice; of one step of eight."),
                Shown(
                    "Steps in one commit",
                    "none",
                    one(mean("actinf_commit_steps"), "mean"),
                    "Steps that wait for the disk together.",
                ),
                Shown(
                    "Steps that wait for the next commit",
                    "none",
                    one(f"actinf_steps_waiting{API}", "{{instance}}"),
                    "More than a few hundred for long: the database does not keep up.",
                ),
                Shown(
                    "Slow pieces of work",
                    "none",
                    one(f"actinf_queued_work{API}", "{{instance}}"),
                    "That run, or wait for a thread.",
                ),
            ),
        ),
        (
            "Minds",
            (
                Shown(
                    "Surprise",
                    "none",
                    (*quantiles("actinf_step_free_energy_nats"), Query(mean("actinf_step_free_energy_nats"), "mean")),
                    "Variational free energy of the observations, in nats: a rise says that the models no longer fit.",
                ),
                Shown(
                    "Uncertainty",
                    "none",
                    (
                        *quantiles("actinf_step_belief_entropy_nats"),
                        Query(mean("actinf_step_belief_entropy_nats"), "mean"),
                    ),
                    "Entropy of the beliefs after a step, in nats, summed over factors.",
                ),
                Shown(
                    "Agents in the cache",
                    "ops",
                    by("result", "actinf_cache_reads_total"),
                    "Agents that come to another replica: found, or read from the database.",
                ),
            ),
        ),
        (
            "Simulations",
            (
                Shown(
                    "By status",
                    "none",
                    one("max by (status) (actinf_simulations)", "{{status}}"),
                    "Of all workspaces.",
                ),
                Shown(
                    "The longest wait for a worker",
                    "s",
                    one("max(actinf_oldest_queued_simulation_seconds)", "waited"),
                    "Above the line it is an alert.",
                    limit=900,
                ),
                Shown("Workers", "none", one(f"max(actinf_workers{API})", "alive"), "As the database knows them."),
                Shown(
                    "One chunk",
                    "s",
                    quantiles("actinf_chunk_seconds"),
                    "Of a simulation; told by the workers.",
                ),
                Shown("Streams", "none", one(f"actinf_event_streams{API}", "{{instance}}"), "Of events, open now."),
            ),
        ),
    ),
)

#: All of them.
