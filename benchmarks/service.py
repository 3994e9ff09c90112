"""The API beside an endpoint of the same framework that does nothing, both sides in turn in one run.

    python benchmarks/service.py [--seconds 30] [--turns 5] [--markdown FILE]

Needs `wrk`.  Both sides are one worker process of the same server with the same schemas and bodies of the same size;
ours also checks the key, logs a line, computes the step and commits it to a PostgreSQL that waits for the disk.  Exit
status: 0, or 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

import actinf as ai

HERE = Path(__file__).resolve().parent
CONNECTIONS = 32
AGENT = {"model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}}
# Possible at every step, whatever the agent chose: the world put it back into the centre.
STEP = {"observation": {"where": "centre", "cue": "none", "outcome": "none"}, "executed": {"location": "centre"}}

SCRIPT = """
local paths = {%s}
local at = math.random(#paths)
local body = %s
local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %s"}
request = function()
    at = at %% #paths + 1
    return wrk.format("POST", paths[at], headers, body)
end
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    per_second: float
    p50: float
    p99: float
    refused: int


@dataclass(frozen=True)
class Target:
    """A figure, and what it has to reach."""

    name: str
    value: str
    wanted: str
    met: bool


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def process(arguments: list[str], url: str, path: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, until the block ends."""
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            arguments, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environment}, cwd=HERE
        )
        try:
            for _ in range(1200):
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(url + path).status_code < 500:
                        break
                if running.poll() is not None:
                    log.seek(0)
                    sys.exit(f"{arguments[0]} ended: {log.read().decode(errors='replace')[-2000:]}")
                time.sleep(0.1)
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)


def wrk(url: str, paths: list[str], key: str, seconds: int, folder: Path) -> Load:
    script = folder / "load.lua"
    listed = ", ".join(json.dumps(path) for path in paths)
    script.write_text(SCRIPT % (listed, json.dumps(json.dumps(STEP)), key))
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return Load(
        float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1]),  # type: ignore[index]
        _milliseconds(done.stdout, "50%"),
        _milliseconds(done.stdout, "99%"),
        int(refused[1]) if refused else 0,
    )


def _milliseconds(said: str, row: str) -> float:
    number, unit = re.search(rf"{row}\s+([\d.]+)(us|ms|s)\b", said).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def p50_of(call: Any, times: int) -> float:
    """The median time of a call, ms."""
    seen = []
    for _ in range(times):
        started = time.perf_counter()
        call().raise_for_status()
        seen.append(1e3 * (time.perf_counter() - started))
    return statistics.median(seen)


def resident(pid: int) -> float:
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1e3  # type: ignore[index]


def new_shapes(api: httpx.Client, count: int) -> float:
    """The longest first step of models of shapes that were never seen, made and stepped one after another; ms."""
    rng, longest = np.random.default_rng(0), 0.0
    for at in range(count):
        states, outcomes, actions = int(rng.integers(2, 9)), int(rng.integers(2, 9)), int(rng.integers(2, 6))
        B = rng.dirichlet(np.ones(states), size=(states, actions)).transpose(2, 0, 1)
        A = rng.dirichlet(np.ones(outcomes), size=states).T
        model = ai.Model.from_arrays(A=[A], B=[B], name=f"shape {at}")
        started = time.perf_counter()
        made = api.post("/v1/agents", json={"model": model.to_dict()}).raise_for_status().json()
        api.post(f"/v1/agents/{made['id']}/steps", json={"observation": [0]}).raise_for_status()
        longest = max(longest, 1e3 * (time.perf_counter() - started))
    return longest


def measure(turns: int, seconds: int, folder: Path) -> tuple[list[Target], list[str]]:
    ours, theirs = f"http://127.0.0.1:{(port := free_port())}", f"http://127.0.0.1:{(other := free_port())}"
    data = folder / "data"
    data.mkdir(mode=0o711)
    actinf = str(Path(sys.executable).with_name("actinf"))
    serve = [
        actinf, "serve", "--port", str(port), "--data-dir", str(data), "--workers", "0",
    ]  # fmt: skip
    reply = folder / "reply.json"
    with contextlib.ExitStack() as stack:
        serving = stack.enter_context(
            process(serve, ours, "/ready", ACTINF_RATE_LIMIT="100000000", ACTINF_DRAIN_SECONDS="0")
        )
        made = subprocess.run(
            [actinf, "keys", "create", "--data-dir", str(data), "--scope", "run", "--scope", "read"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        key = made.stdout.strip()
        api = stack.enter_context(httpx.Client(base_url=ours, headers={"Authorization": f"Bearer {key}"}, timeout=60))
        agents = [api.post("/v1/agents", json=AGENT | {"seed": at}).raise_for_status().json() for at in range(64)]
        paths = [f"/v1/agents/{agent['id']}/steps" for agent in agents]
        for at in range(1000):
            example = api.post(paths[at % 64], json=STEP).raise_for_status()
        memory = resident(serving.pid)
        reply.write_bytes(example.content)
        stack.enter_context(
            process(
                [sys.executable, "-m", "uvicorn", "trivial_endpoint:app", "--port", str(other), "--no-access-log",
                 "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"],
                theirs, "/docs", ACTINF_BENCH_REPLY=str(reply),
            )
        )  # fmt: skip
        for url, where in ((theirs, ["/trivial"]), (ours, paths)):
            wrk(url, where, key, 3, folder)
        pairs = []
        for turn in range(turns):
            pairs.append((wrk(theirs, ["/trivial"], key, seconds, folder), wrk(ours, paths, key, seconds, folder)))
            print(f"turn {turn + 1}: {pairs[-1]}", file=sys.stderr, flush=True)
        trivial = stack.enter_context(httpx.Client(base_url=theirs, timeout=60))
        infer = {"model": "tmaze", "inference": "exact", "observations": [STEP["observation"]]}
        differences = []
        for _ in range(turns):
            base = p50_of(lambda: trivial.post("/trivial", json=STEP), 300)
            mine = p50_of(lambda: api.post("/v1/inference", json=infer), 300)
            differences.append(mine - base)
        longest = new_shapes(api, 100)
        grown = resident(serving.pid)
    return judged(pairs, differences, memory, grown, longest), rows(pairs)


def judged(
    pairs: list[tuple[Load, Load]], differences: list[float], memory: float, grown: float, longest: float
) -> list[Target]:
    ratio = statistics.median(ours.per_second / theirs.per_second for theirs, ours in pairs)
    spread = statistics.median(ours.p99 / ours.p50 for _, ours in pairs)
    refused = sum(ours.refused for _, ours in pairs)
    difference = statistics.median(differences)
    return [
        Target("durable steps per second / trivial endpoint", f"{ratio:.0%}", "≥ 20 %", ratio >= 0.2),
        Target("p99 / p50 of a step", f"{spread:.1f}", "≤ 6", spread <= 6),
        Target("steps refused", f"{refused}", "0", refused == 0),
        Target("stateless inference − trivial endpoint, p50", f"{difference:.2f} ms", "≤ 3 ms", difference <= 3),
        Target("longest first step of 100 shapes never seen", f"{longest:.0f} ms", "≤ 500 ms", longest <= 500),
        Target("memory of the process after 1,000 steps", f"{memory:.0f} MB", "≤ 300 MB", memory <= 300),
        Target("memory after the whole run", f"{grown:.0f} MB", "≤ 300 MB", grown <= 300),
    ]


def rows(pairs: list[tuple[Load, Load]]) -> list[str]:
    lines = ["| turn | trivial/s | steps/s | ratio | p50 ms | p99 ms |", "| ---: | ---: | ---: | ---: | ---: | ---: |"]
    for at, (theirs, ours) in enumerate(pairs):
        lines.append(
            f"| {at + 1} | {theirs.per_second:,.0f} | {ours.per_second:,.0f} | "
            f"{ours.per_second / theirs.per_second:.0%} | {ours.p50:.1f} | {ours.p99:.1f} |"
        )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30, help="of each turn (default: 30)")
    parser.add_argument("--turns", type=int, default=5, help="how often the sides take turns (default: 5)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed: apt-get install wrk", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="actinf-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        targets, lines = measure(arguments.turns, arguments.seconds, folder)
    table = ["| what | measured | target |", "| --- | ---: | ---: |"]
    table += [f"| {one.name} | {one.value} | {one.wanted} {'✓' if one.met else '✗'} |" for one in targets]
    text = "\n".join([*table, "", *lines])
    print(text)
    if arguments.markdown:
        head = "# The service\n\nWritten by `benchmarks/service.py --markdown benchmarks/service-results.md`.\n\n"
        arguments.markdown.write_text(head + text + "\n", encoding="utf-8")
    return 0 if all(one.met for one in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
