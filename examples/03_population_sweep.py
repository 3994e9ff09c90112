"""A sweep: agents that differ in how precise they are and in what they like, in one call."""

import numpy as np

import actinf as ai

maze = ai.envs.TMaze(cue_validity=0.9)
agent = ai.Agent(maze.model(), planner=ai.Exhaustive(horizon=2), alpha=1.0)

gammas = [0.5, 1.0, 2.0, 4.0, 8.0]
losses = [0.0, -1.0, -2.0, -4.0, -8.0]
each = 200
gamma, loss = (grid.ravel().repeat(each) for grid in np.meshgrid(gammas, losses, indexing="ij"))
preferences = np.stack([np.zeros_like(loss), np.full_like(loss, 2.0), loss], axis=1)  # none, reward, loss

many = ai.Population(agent, size=len(gamma), gamma=gamma, C={"outcome": preferences})
trace = ai.simulate(many, maze, num_steps=2, record=["action"], seed=0)
asked = (trace.action_location[0, :, 0].values == 1).reshape(len(gammas), len(losses), each).mean(axis=2)

print("share of the agents that ask the cue first")
print("  gamma \\ preference for the loss" + "".join(f"{loss:8.0f}" for loss in losses))
for value, row in zip(gammas, asked, strict=True):
    print(f"  {value:<31.1f}" + "".join(f"{share:8.0%}" for share in row))
