"""A first agent: step it by hand, then run a thousand of them.

A rat in a T-maze does not know which arm holds the reward; a cue tells.
"""

import actinf as ai

model = ai.Model.load("tmaze")  # a bundled model; or the path of a file of yours
agent = ai.Agent(model, planner=ai.Exhaustive(horizon=2))

print("one agent, by hand")
session = agent.start(seed=0)
for observation in (
    {"where": "centre", "cue": "none", "outcome": "none"},
    {"where": "cue", "cue": "right", "outcome": "none"},
    {"where": "right", "cue": "none", "outcome": "reward"},
):
    step = session.step(observation)
    left, right = step.qs["context"]
    print(
        f"  saw {observation['where']:7} believes left {left:.3f}, right {right:.3f}"
        f"   surprise {step.F:.2f} nats   does {step.action['location']!r}"
    )

print("a thousand agents, each in a maze of its own")
trace = ai.simulate(agent, ai.envs.TMaze(cue_validity=0.95), num_agents=1000, num_steps=3, seed=0)
first, second = trace.action_location[0, :, 0], trace.action_location[0, :, 1]
rewarded = (trace.obs_outcome[0, :, 2] == trace.obs_outcome.attrs["outcomes"].index("reward")).mean()
print(f"  went to the cue first: {float((first == 1).mean()):.0%}, then into an arm: {float((second >= 2).mean()):.0%}")
print(f"  found the reward: {float(rewarded):.0%}")
