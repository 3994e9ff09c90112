"""Why did it do that?  G of two policies, taken apart by modality and term.

The lower the expected free energy G, the more probable the policy.
"""

import actinf as ai

for validity in (0.95, 0.5):
    maze = ai.envs.TMaze(cue_validity=validity)
    agent = ai.Agent(maze.model(), planner=ai.Exhaustive(horizon=2))
    step = agent.start(seed=0).step({"where": "centre", "cue": "none", "outcome": "none"})
    why = step.explain()

    print(f"a cue that is right in {validity:.0%} of the mazes: the agent does {step.action['location']!r}")
    print(f"  {'policy':16} {'q(π)':>6} {'G':>7}   risk and ambiguity of each modality, in nats")
    for name in ("cue > cue", "cue > left", "left > left", "centre > centre"):
        policy = why.names.index(name)
        risk, ambiguity = why.risk[policy].sum(axis=0), why.ambiguity[policy].sum(axis=0)
        terms = zip(why.modalities, risk, ambiguity, strict=True)
        told = "  ".join(f"{modality} {r:.2f} + {a:.2f}" for modality, r, a in terms)
        print(f"  {name:16} {why.q_pi[policy]:6.1%} {why.G[policy]:7.3f}   {told}")
