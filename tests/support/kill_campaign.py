"""Writers send steps while the API and the postmaster are killed; afterwards everything that was answered is there.

A writer owns some agents and sends one step after another to each, with a key of its own for every step.  Where no
answer comes it sends the same step again, as any client would.  What it was answered is held against the history of its
agents, and against an undisturbed session of the library: the same actions, beliefs and free energies, once each.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from support.serving import Serving

import actinf as ai

AGENT = {"model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}, "alpha": 1.0}


@dataclass
class Course:
    """One agent of one writer: what it was sent, and what it was answered."""

    agent: str
    seed: int
    observations: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Outcome:
    """What a campaign found.

    Attributes:
        acknowledged: steps that were answered; kills: of the API and of the postmaster.
        lost: answered and not there; doubled: there more often than sent; different: there with other numbers.
        tried: requests, with those that were sent again.
    """

    acknowledged: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0
    tried: int = 0


def observation_of(action: dict[str, str] | None, rng: random.Random) -> dict[str, Any]:
    """What the world shows after an action; the cue lies at random, so that every course is of its own."""
    place = "centre" if action is None else action["location"]
    if place == "cue":
        return {"where": "cue", "cue": rng.choice(["left", "right"]), "outcome": "none"}
    return {"where": "centre", "cue": "none", "outcome": "none"}


class Writer(threading.Thread):
    """Sends its share of steps."""

    def __init__(self, url: str, name: str, agents: list[tuple[str, int]], steps: int):
        super().__init__(name=name, daemon=True)
        self.courses = [Course(agent, seed) for agent, seed in agents]
        self.tried = 0
        self._steps = steps
        self._url = url
        self._rng = random.Random(name)

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as client:
            for number in range(self._steps):
                self._step(client, self.courses[number % len(self.courses)])

    def _step(self, client: httpx.Client, course: Course) -> None:
        # Whatever the agent chose, the world takes it to the cue or leaves it in the centre: all of it is possible.
        executed = {"location": self._rng.choice(["centre", "cue"])} if course.observations else None
        body: dict[str, Any] = {"observation": observation_of(executed, self._rng)}
        if executed is not None:
            body["executed"] = executed
        key = f"{self.name}-{len(course.observations)}-{course.agent}"
        course.observations.append(body)
        while True:
            self.tried += 1
            try:
                reply = client.post(f"/v1/agents/{course.agent}/steps", json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if reply.status_code == 201:
                course.replies.append(reply.json())
                return
            assert reply.status_code in (429, 503), reply.text
            time.sleep(0.05)


def run_campaign(installation: Serving, *, writers: int, items: int, kills: int, seed: int) -> Outcome:
    """Send items from all writers while the API and the postmaster are killed, then look at what is there."""
    rng, outcome = random.Random(seed), Outcome(kills=kills)
    installation.start()
    installation.wait_until_ready()
    keeper = installation.keep()
    with httpx.Client(base_url=installation.url, timeout=60) as client:
        threads = []
        for number in range(writers):
            agents = []
            for at in range(4):
                own = seed + 100 * number + at
                agents.append(
                    (client.post("/v1/agents", json=AGENT | {"seed": own}).raise_for_status().json()["id"], own)
                )
            threads.append(Writer(installation.url, f"writer-{number}", agents, items // writers))
    for thread in threads:
        thread.start()
    for _ in range(kills):
        time.sleep(rng.uniform(0.3, 1.5))
        victim = rng.choice(["api", "database", "both"])
        if victim != "api":
            installation.kill_database()
        if victim != "database":
            installation.kill()
        installation.wait_until_ready()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive(), f"{thread.name} still waits:\n{installation.log.read_text()[-3000:]}"
    assert keeper.is_alive()
    installation.wait_until_ready(path="/health")
    with httpx.Client(base_url=installation.url, timeout=60) as client:
        for thread in threads:
            outcome.tried += thread.tried
            for course in thread.courses:
                _compare(client, course, outcome)
    return outcome


def _compare(client: httpx.Client, course: Course, outcome: Outcome) -> None:
    """Hold one course against its history and against the library."""
    shown: dict[int, dict[str, Any]] = {}
    after, count = -1, 0
    while True:
        params = {"after": after, "limit": 1000}
        page = client.get(f"/v1/agents/{course.agent}/steps", params=params).raise_for_status().json()
        for step in page["items"]:
            shown[step["step"]] = step
            count += 1
        if page["next"] is None:
            break
        after = page["next"]
    outcome.acknowledged += len(course.replies)
    outcome.doubled += count - len(course.observations)
    model = ai.envs.BUNDLED["tmaze"]().model()
    agent = ai.Agent(model, inference=ai.Exact(), planner=ai.Exhaustive(horizon=2), alpha=1.0)
    session = agent.start(seed=course.seed)
    for number, (sent, reply) in enumerate(zip(course.observations, course.replies, strict=True)):
        expected = session.step(sent["observation"], executed=sent.get("executed"))
        kept = shown.get(number)
        if kept is None:
            outcome.lost += 1
            continue
        same = reply["step"] == number and all(kept[name] == reply[name] for name in reply)
        same = same and reply["action"] == expected.action and reply["F"] == expected.F
        same = (
            same and bool(np.array_equal(reply["q_pi"], expected.q_pi)) and kept["observation"] == sent["observation"]
        )
        outcome.different += not same
