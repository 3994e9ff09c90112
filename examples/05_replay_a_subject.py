"""A recorded subject: which precision makes what it did most probable?

The subjects are simulated, so that the answer is known.  `replay` runs the same kernel as `simulate`.
"""

import numpy as np

import actinf as ai

maze = ai.envs.TMaze(cue_validity=0.9)
model = maze.model()
truth = 1.5


def subject(gamma: float) -> ai.Agent:
    """An agent with this precision, whose actions are sampled."""
    return ai.Agent(model, planner=ai.Exhaustive(horizon=2), gamma=gamma, alpha=1.0)


trace = ai.simulate(subject(truth), maze, num_agents=300, num_steps=3, record=["obs", "action"], seed=0)
seen = np.stack([trace[f"obs_{modality.name}"][0].values for modality in model.modalities], axis=-1)
did = trace.action_location[0].values[..., None]  # (agent, time, control)

print("gamma   ln p(actions of 300 subjects)")
scores = {}
for gamma in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0):
    agent = subject(gamma)
    scores[gamma] = sum(agent.replay(o, u).log_likelihood for o, u in zip(seen, did, strict=True))
    print(f"{gamma:5.1f}   {scores[gamma]:8.2f}")
print(f"most probable: {max(scores, key=scores.__getitem__)}; they were made with {truth}")

evidence = subject(truth).replay(seen[0], did[0])
actions = model.controls["location"].actions
print("the first subject, step by step")
for time, (action, log_p) in enumerate(zip(did[0, :, 0], evidence.log_p_action, strict=True)):
    believed = evidence.qs["context"][time].round(2).tolist()
    print(f"  step {time}: believed {believed}, did {actions[action]!r}, probability {np.exp(log_p):.2f}")
