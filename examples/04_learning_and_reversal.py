"""Learning what two arms yield, until they are swapped: with and without forgetting.

The agents know nothing of a better arm.  They count what each arm yields, and forget a share of
the counts at each step.
"""

import actinf as ai

before = ai.envs.Bandit(better=1)
episodes, swap = 40, 20

print("share of the pulls at the arm that is better now")
print("  forgetting" + "".join(f"{f'episodes {first}-{first + 4}':>16}" for first in range(10, episodes, 5)))
for forgetting in (0.0, 0.02, 0.05):
    agent = ai.Agent(
        before.learning_model(),
        planner=ai.Exhaustive(horizon=1, novelty=True),
        learning=ai.Learning(A=True, forgetting=forgetting),
        gamma=4.0,
        alpha=4.0,
    )
    trace = ai.simulate(
        agent,
        before,
        num_agents=200,
        num_steps=5,
        num_episodes=episodes,
        schedule={swap: before.reversed()},
        record=["action"],
        seed=0,
    )
    action = trace.action_choice.values  # (episode, agent, step): start, hint, arm_1, arm_2
    shares = []
    for first in range(10, episodes, 5):
        block = action[first : first + 5]
        better = 2 if first < swap else 3
        shares.append((block == better).sum() / (block >= 2).sum())
    print(f"  {forgetting:<10}" + "".join(f"{share:16.0%}" for share in shares))
