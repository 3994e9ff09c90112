"""Does a service do what it is there for?  Answered within a minute, by a script that needs nothing but Python.

    python tests/smoke/test_basic_functionality.py

    ACTINF_URL    the service; http://127.0.0.1:8000 where it is not set
    ACTINF_KEY    a key with the scopes read and run, where the service wants one

It prints a line for each check and ends with 0, or with 1 where one failed or could not be made.  That no worker
computes simulations is a failure too: whoever asks for one would wait for ever.  It is safe on a service that others
use: it makes one model, one agent and one simulation of a few steps, all called `smoke-test-…`, and takes them away
again, also after a failure, Ctrl-C or SIGTERM.  The model is like no other, so that nobody else's is touched.

pytest runs it as well, against `ACTINF_URL` or a service of its own (`conftest.py` beside it).
"""

import faulthandler
import json
import math
import os
import secrets
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

SECONDS = 45
SECONDS_FOR_CLEANING = 10
SECONDS_FOR_A_REPLY = 10.0
SECONDS_FOR_A_WORKER = 20.0
SECONDS_IN_ALL = 58
NEAREST = "http://127.0.0.1:8000"


def lamp(name):
    """A model that nobody else has: it is dark or light, light is preferred, and one can go where one wants."""
    sure = 0.9 + secrets.randbelow(10**9) * 1e-11
    return {
        "actinf": 1,
        "kind": "model",
        "name": name,
        "factors": {"place": {"states": ["dark", "light"], "actions": ["to_dark", "to_light"]}},
        "modalities": {
            "place": {"outcomes": ["dark", "light"], "depends_on": ["place"]},
            "lamp": {"outcomes": ["off", "on"], "depends_on": ["place"]},
        },
        "A": {"place": "identity", "lamp": [[sure, 1 - sure], [1 - sure, sure]]},
        "B": {"place": {"deterministic": {"to_dark": "dark", "to_light": "light"}}},
        "C": {"lamp": {"on": 4}},
        "D": {"place": "dark"},
    }


class Failed(Exception):
    """A check found something else than it expected."""


class Refused(Failed):
    """The service answered, and did not do what it was asked for."""


class LeftOut(Exception):
    """A check needs what an earlier one could not make."""


def expect(holds, message):
    """Fail with a message unless something holds."""
    if not holds:
        raise Failed(message)


class Service:
    """Sends requests until the time is over."""

    def __init__(self, url, key, until):
        self.url = url.rstrip("/")
        self.key = key
        self.until = until
        # The proxy of the environment, if any, does not lead to this machine.
        here = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        handlers = [urllib.request.ProxyHandler({})] if here else []
        self._open = urllib.request.build_opener(*handlers).open

    def ask(self, method, path, body=None, *, expected, key=True, idempotency=None):
        """The JSON of a reply, which must have the status, or one of those, that is expected."""
        left = self.until - time.monotonic()
        expect(left > 0, f"the {SECONDS:.0f} s are over: the service is too slow")
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if key and self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        if idempotency is not None:
            request.add_header("Idempotency-Key", idempotency)
        try:
            with self._open(request, timeout=min(left, SECONDS_FOR_A_REPLY)) as reply:
                status, text = reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                status, text = error.code, error.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            hint = ""
            if isinstance(reason, ConnectionRefusedError):
                hint = (
                    "; nothing listens there: `actinf serve` starts a service, on port 8000 where it is told no other; "
                    "ACTINF_URL says where it is, and ACTINF_KEY holds its key"
                )
            raise Failed(f"{method} {self.url}{path}: {reason or type(error).__name__}{hint}") from None
        try:
            data = json.loads(text) if text else None
        except ValueError:
            raise Failed(f"{method} {path} was answered with {status} and no JSON: {text[:80]!r}") from None
        said = data.get("detail") or data.get("reason") if isinstance(data, dict) else None
        if status not in (expected if isinstance(expected, tuple) else (expected,)):
            hint = ": set ACTINF_KEY to a key of this service (actinf keys create)" if status == 401 else ""
            kind = Refused if 400 <= status < 500 else Failed
            raise kind(f"{method} {path}: status {status}, expected {expected}; {said or text[:200]!r}{hint}")
        return data


class Checks:
    """The checks, in the order in which they are made, and what they made."""

    def __init__(self, service):
        self.service = service
        self.name = f"smoke-test-{secrets.token_hex(4)}"
        self.asked = {}
        self.model = None
        self.agent = None
        self.simulation = None
        self.first = None

    def all(self):
        """What is checked, in words, and the function that does it."""
        return [
            ("the service is well", self.is_well),
            ("it takes requests", self.is_ready),
            ("it lets in who has a key, and nobody else", self.is_guarded),
            ("a model is kept", self.keep_a_model),
            ("hidden states are inferred from what was observed", self.infer),
            ("an agent is made of it", self.make_an_agent),
            ("the agent believes what it saw, and acts for what it prefers", self.take_a_step),
            ("a step that is sent twice is taken once", self.repeat_the_step),
            ("an observation that cannot be is refused, and changes nothing", self.show_the_impossible),
            ("a step out of its order is refused", self.come_too_late),
            ("the next step follows", self.take_another),
            ("the steps are in the history", self.read_the_history),
            ("a new episode begins where the model says", self.begin_again),
            ("a simulation is computed by a worker, to its end", self.simulate),
        ]

    def is_well(self):
        health = self.service.ask("GET", "/health", expected=200, key=False)
        expect(health.get("status") == "ok", f"status is {health.get('status')!r}, expected 'ok'")
        return f"degraded: {', '.join(health['degraded'])}" if health["degraded"] else f"actinf {health['version']}"

    def is_ready(self):
        self.service.ask("GET", "/ready", expected=200, key=False)

    def is_guarded(self):
        if not self.service.key:
            self.service.ask("GET", "/v1/agents?limit=1", expected=200)
            return "it wants no key"
        self.service.ask("GET", "/v1/agents?limit=1", expected=200)
        self.service.ask("GET", "/v1/agents?limit=1", expected=401, key=False)
        return None

    def keep_a_model(self):
        self.asked["model"] = ("/v1/models", {"name": self.name, "document": lamp(self.name)})
        self.model = self._create("model")["hash"]
        shown = self.service.ask("GET", f"/v1/models/{self.name}", expected=200)
        expect(shown["hash"] == self.model, f"its hash is {shown['hash']}, expected {self.model}")

    def infer(self):
        if self.model is None:
            raise LeftOut
        body = {
            "model": self.model,
            "observations": [{"place": "dark"}, {"lamp": "on"}],
            "actions": [{"place": "to_light"}],
        }
        found = self.service.ask("POST", "/v1/inference", body, expected=200)
        expect(math.isclose(found["qs"]["place"][1][1], 1.0), f"q(place) is {found['qs']['place']}, expected light")
        expect(0.09 < found["total_F"] < 0.12, f"F is {found['total_F']} nats, expected -ln 0.9")

    def make_an_agent(self):
        if self.model is None:
            raise LeftOut
        body = {"model": self.model, "name": self.name, "planner": {"exhaustive": {"horizon": 2}}, "seed": 1}
        self.asked["agent"] = ("/v1/agents", body)
        made = self._create("agent")
        self.agent = made["id"]
        expect(made["num_policies"] == 4, f"it has {made['num_policies']} policies, expected 4")

    def _create(self, what):
        path, body = self.asked[what]
        try:
            return self.service.ask("POST", path, body, expected=201, idempotency=f"{self.name}-{what}")
        except Refused:
            del self.asked[what]  # it was not made, so that there is nothing to take away
            raise

    def _step(self, observation, *, expected=201, **more):
        if self.agent is None:
            raise LeftOut
        idempotency = more.pop("idempotency", None)
        body = {"observation": observation, **more}
        path = f"/v1/agents/{self.agent}/steps"
        return self.service.ask("POST", path, body, expected=expected, idempotency=idempotency)

    def take_a_step(self):
        reply = self._step({"place": "dark", "lamp": "off"}, idempotency=f"{self.name}-step", include=["terms"])
        self.first = reply
        expect(reply["step"] == 0, f"it is step {reply['step']}, expected 0")
        expect(reply["action"] == {"place": "to_light"}, f"it did {reply['action']}, expected to_light")
        expect(math.isclose(reply["qs"]["place"][0], 1.0), f"q(place) is {reply['qs']['place']}, expected dark")
        total = sum(reply["q_pi"])
        expect(math.isclose(total, 1.0, rel_tol=1e-9), f"the policies' probabilities sum to {total}, expected 1")

    def repeat_the_step(self):
        again = self._step({"place": "dark", "lamp": "off"}, idempotency=f"{self.name}-step", include=["terms"])
        expect(again == self.first, "the second reply is another one")

    def show_the_impossible(self):
        refused = self._step({"place": "dark"}, expected=422)
        expect(refused["type"].endswith("impossible-observation"), f"the problem is {refused['type']}")

    def come_too_late(self):
        self._step({"place": "light"}, step=0, expected=409)

    def take_another(self):
        reply = self._step({"place": "light", "lamp": "on"}, step=1)
        expect(reply["action"] == {"place": "to_light"}, f"it did {reply['action']}, expected to_light")

    def read_the_history(self):
        if self.agent is None:
            raise LeftOut
        items = self.service.ask("GET", f"/v1/agents/{self.agent}/steps", expected=200)["items"]
        expect([one["step"] for one in items] == [0, 1], f"it has the steps {[one['step'] for one in items]}")
        expect(items[0]["action"] == self.first["action"], "the first step is another one than was answered")

    def begin_again(self):
        if self.agent is None:
            raise LeftOut
        reset = self.service.ask("POST", f"/v1/agents/{self.agent}/reset", {}, expected=200)
        expect((reset["episode"], reset["time"]) == (1, 0), f"episode {reset['episode']}, time {reset['time']}")
        self._step({"place": "dark"}, step=2)

    def simulate(self):
        if self.model is None:
            raise LeftOut
        agent = {"planner": {"exhaustive": {"horizon": 2}}}
        body = {
            "experiment": {"actinf": 1, "kind": "experiment", "model": self.model, "agent": agent},
            "name": self.name,
            "num_agents": 4,
            "num_steps": 3,
            "num_episodes": 1,
            "seed": 1,
            "record": ["state", "action"],
        }
        self.asked["simulation"] = ("/v1/simulations", body)
        self.simulation = self._create("simulation")["id"]
        ended = self._end_of_simulation()
        expect(ended["status"] == "succeeded", f"it has {ended['status']}: {ended['error']}")
        trace = self.service.ask("GET", f"/v1/simulations/{self.simulation}/result?format=json", expected=200)
        places = trace["variables"]["state_place"]["values"]
        expect(places == [[[0, 1, 1]] * 4], f"its agents were at {places}, expected dark (0), then light (1)")

    def _end_of_simulation(self):
        started, pause = time.monotonic(), 0.1
        while True:
            shown = self.service.ask("GET", f"/v1/simulations/{self.simulation}", expected=200)
            if shown["status"] not in ("queued", "running"):
                return shown
            waited = time.monotonic() - started
            if shown["status"] == "queued" and waited > SECONDS_FOR_A_WORKER:
                raise Failed(f"no worker has taken it up within {waited:.0f} s: {self._about_workers()}")
            done = f"{shown['progress']['steps_done']} of {shown['progress']['steps_total']} steps done"
            in_time = time.monotonic() + pause < self.service.until
            expect(in_time, f"it has not ended within {waited:.0f} s: it is {shown['status']}, {done}")
            time.sleep(pause)
            pause = min(1.5 * pause, 1.0)

    def _about_workers(self):
        if "worker" in self.service.ask("GET", "/health", expected=(200, 503), key=False)["degraded"]:
            return "no worker serves this database; `actinf worker` starts one, and `actinf serve` runs one beside it"
        return "there are workers, so they are busy with other simulations, or stuck: look at their logs"

    def clean(self):
        """Take away what was made; what a lost reply made is found by asking again with the same key."""
        self.service.until = time.monotonic() + SECONDS_FOR_CLEANING
        wrong = []
        for what, remove in (
            ("simulation", self._remove_simulation),
            ("agent", lambda: self._remove(f"/v1/agents/{self.agent or self._create('agent')['id']}")),
            ("model", lambda: self._remove(f"/v1/models/{self.model or self._create('model')['hash']}")),
        ):
            try:
                if what in self.asked:
                    remove()
            except Failed as failure:
                wrong.append(f"the {what} {self.name}: {failure}")
        expect(not wrong, "; ".join(wrong))

    def _remove_simulation(self):
        path = f"/v1/simulations/{self.simulation or self._create('simulation')['id']}"
        if self.service.ask("GET", path, expected=200)["status"] in ("queued", "running"):
            self.service.ask("POST", f"{path}/cancel", expected=(200, 409))  # 409: it has ended at this moment
        self._remove(path)

    def _remove(self, path):
        self.service.ask("DELETE", path, expected=204)
        self.service.ask("GET", path, expected=404)


def run(url, key, say, alarm=lambda _: None):
    """Make all checks.

    Args:
        url: of the service.
        key: lets in; None where none is needed.
        say: takes a line of what is reported.
        alarm: has Failed raised after so many seconds, whatever the service does; 0: no more.

    Returns:
        The exit code: 0 where every check found what it expected.
    """
    started = time.monotonic()
    checks = Checks(Service(url, key, started + SECONDS))
    counts = {"ok": 0, "FAIL": 0, "skip": 0}

    def report(what, check):
        before = time.monotonic()
        try:
            word, note = "ok", check()
        except LeftOut:
            word, note = "skip", "an earlier check failed"
        except Failed as failure:
            word, note = "FAIL", str(failure)
        except (KeyError, TypeError, IndexError) as error:
            word, note = "FAIL", f"the reply is not what it should be: {error!r}"
        counts[word] += 1
        say(f"{word:4} {(time.monotonic() - before) * 1000:6.0f} ms  {what}{f': {note}' if note else ''}")

    say(f"smoke test of {url} as {checks.name}")
    alarm(SECONDS)
    try:
        for what, check in checks.all():
            report(what, check)
            if counts["FAIL"] and check in (checks.is_well, checks.is_guarded):
                break
    except Failed as failure:  # the alarm went off between two checks
        counts["FAIL"] += 1
        say(f"FAIL {failure}")
    finally:
        alarm(SECONDS_FOR_CLEANING)
        if checks.asked:
            report("all that was made is taken away", checks.clean)
        alarm(0)
    seconds = time.monotonic() - started
    say(f"{sum(counts.values())} checks in {seconds:.1f} s: {counts['FAIL']} failed, {counts['skip']} left out")
    return 0 if counts["FAIL"] == counts["skip"] == 0 else 1


def test_basic_functionality(target):
    """`target` is the fixture that finds or starts a service."""
    lines = []
    assert run(*target, lines.append) == 0, "\n".join(lines)


def main():
    """The script."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    def time_is_over(number, frame):
        raise Failed("the time is over, and the service has not answered to the end")

    def say(line):
        try:
            print(line, flush=True)
        except BrokenPipeError:  # who read it has left, as `head` does; the checks go on, and so does the cleaning
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGALRM, time_is_over)
    faulthandler.dump_traceback_later(
        SECONDS_IN_ALL, exit=True
    )  # where not even the alarm is heard, as in a name's look-up
    url, key = os.environ.get("ACTINF_URL"), os.environ.get("ACTINF_KEY") or None
    if not url:
        say(f"ACTINF_URL is not set: this looks at {NEAREST}{'' if key else '; nor is ACTINF_KEY: no key is sent'}")
    try:
        return run(url or NEAREST, key, say, signal.alarm)
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
