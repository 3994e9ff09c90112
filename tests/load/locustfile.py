"""Rats in T-mazes: each user makes an agent, shows it what a maze shows, and deletes it at the end.

    locust -f tests/load/locustfile.py --users=10 --spawn-rate=1 -t 5m

It runs without a web page and ends by itself (`locust.conf` in the root of the project).  Its exit code is the verdict:
0 where the service was fast and right enough, else 1.

    ACTINF_URL               the service; http://127.0.0.1:8000 where it is not set
    ACTINF_KEY               a key with the scopes read and run, where the service wants one
    ACTINF_LOAD_P95_MS       what 95 of 100 requests must not exceed, milliseconds; 250 where it is not set
    ACTINF_LOAD_ERROR_RATE   the share of requests that may fail; 0.001 where it is not set

The agents are called `load-test-…`.
"""

import functools
import os
import random
import secrets

import gevent
from locust import FastHttpUser, between, events, task
from locust.env import Environment
from locust.runners import WorkerRunner

URL = os.environ.get("ACTINF_URL", "")
KEY = os.environ.get("ACTINF_KEY", "")
NEAREST = "http://127.0.0.1:8000"
MOST_P95_MS = float(os.environ.get("ACTINF_LOAD_P95_MS") or 250)
MOST_ERRORS = float(os.environ.get("ACTINF_LOAD_ERROR_RATE") or 0.001)

RUN = f"load-test-{secrets.token_hex(4)}"
STEPS_OF_AN_EPISODE = 8
TRIES_TO_CLEAN = 5
AGENT = {"model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}, "alpha": 16.0}


class Maze:
    """The T-maze that one agent is in: what it shows, and where an action leads."""

    def __init__(self):
        self.place = "centre"
        self.side = random.choice(["left", "right"])

    def go(self, place):
        """Move; there is no way out of the arms."""
        if self.place not in ("left", "right"):
            self.place = place

    def shows(self):
        """The observation."""
        other = {"left": "right", "right": "left"}[self.side]
        seen = {"where": self.place, "cue": "none", "outcome": "none"}
        if self.place == "cue":
            seen["cue"] = self.side if random.random() < 0.95 else other
        if self.place in ("left", "right"):
            good = "reward" if random.random() < 0.98 else "loss"
            bad = "loss" if good == "reward" else "reward"
            seen["outcome"] = good if self.place == self.side else bad
        return seen


class Rat(FastHttpUser):
    """One agent, and who shows it the maze."""

    host = URL or NEAREST
    default_headers = {"Authorization": f"Bearer {KEY}"} if KEY else None
    wait_time = between(0.05, 0.15)
    connection_timeout = 10.0
    network_timeout = 10.0

    def __init__(self, environment):
        super().__init__(environment)
        self.agent = None
        self.key = None
        self.maze = Maze()
        self.steps_left = STEPS_OF_AN_EPISODE

    def on_start(self):
        """Make the agent; while the service cannot, wait and try again."""
        while not self._make():
            gevent.sleep(1)

    def _make(self):
        self.key = self.key or secrets.token_hex(16)
        headers, body = {"Idempotency-Key": self.key}, {**AGENT, "name": RUN}
        with self.rest("POST", "/v1/agents", json=body, headers=headers, name="make an agent") as reply:
            if reply.status_code == 201 and reply.js:
                self.agent = reply.js["id"]
            else:
                say_what_to_do(self.host, reply.status_code)
        return self.agent is not None

    @task(20)
    def step(self):
        """Show the agent what the maze shows, and do what it answers."""
        if self.steps_left == 0:
            self._begin_again()
        body = {"observation": self.maze.shows()}
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        with self.rest("POST", self._path("/steps"), json=body, headers=headers, name="take a step") as reply:
            if reply.status_code == 201 and reply.js:
                self.maze.go(reply.js["action"]["location"])
                self.steps_left -= 1

    @task(1)
    def look(self):
        """Read where the agent stands."""
        with self.rest("GET", self._path(""), name="read an agent"):
            pass

    @task(1)
    def look_back(self):
        """Read what it did."""
        with self.rest("GET", self._path("/steps?limit=20"), name="read its history"):
            pass

    def _begin_again(self):
        with self.rest("POST", self._path("/reset"), json={}, name="reset an agent") as reply:
            if reply.status_code == 200:
                self.maze, self.steps_left = Maze(), STEPS_OF_AN_EPISODE

    def _path(self, rest):
        return f"/v1/agents/{self.agent}{rest}"

    def on_stop(self):
        """Take the agent away, also one whose making was cut short: the same key finds it."""
        for _ in range(TRIES_TO_CLEAN):
            if self.key is not None and (self.agent is not None or self._make()):
                with self.rest("DELETE", self._path(""), name="delete an agent") as reply:
                    if reply.status_code == 204:
                        return
                gevent.sleep(0.5)


HINTS = {
    0: "nothing answers there: `actinf serve` starts a service, on port 8000 where it is told no other; ACTINF_URL "
    "says where it is, and ACTINF_KEY holds its key",
    401: "it wants a key: set ACTINF_KEY to one of this service (actinf keys create)",
    403: "the key in ACTINF_KEY may not make agents: it needs the scopes read and run",
}


@functools.cache
def say_what_to_do(host: str, status: int) -> None:
    """Tell, once, what is to be done where no agent can be made; the users go on trying."""
    if status in HINTS:
        print(f"{host}: {HINTS[status]}", flush=True)


@events.test_start.add_listener
def say_where(environment: Environment, **_: object) -> None:
    """Tell which service is put under load, and where its address is from."""
    chosen = environment.host or Rat.host
    unset = "" if URL or chosen != NEAREST else " (ACTINF_URL is not set)"
    print(f"load test of {chosen}{unset} as {RUN}, {'with' if KEY else 'without'} a key", flush=True)


@events.quitting.add_listener
def judge(environment: Environment, **_: object) -> None:
    """End with the verdict."""
    if isinstance(environment.runner, WorkerRunner):
        return
    total = environment.stats.total
    p95, errors = total.get_response_time_percentile(0.95) or 0.0, total.fail_ratio
    wrong = []
    if total.num_requests == 0:
        wrong.append("no request was made")
    if p95 > MOST_P95_MS:
        wrong.append(f"p95 is {p95:.0f} ms, more than {MOST_P95_MS:g} ms")
    if errors > MOST_ERRORS:
        wrong.append(f"{errors:.3%} of the requests failed, more than {MOST_ERRORS:.3%}")
    environment.process_exit_code = 1 if wrong else 0
    said = f"p95 {p95:.0f} ms, {errors:.3%} of {total.num_requests:,} requests failed"
    verdict = f"verdict: {'failed' if wrong else 'passed'}: {'; '.join(wrong) or said}"
    events.quit.add_listener(lambda **_: print(verdict, flush=True))  # below the tables
