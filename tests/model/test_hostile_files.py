"""Files whose author wants time or memory.  Each gets one clear error, in time and without the memory.

All files are read one after another in one process of its own, which the system stops when one of them takes more
than ten seconds of processor time, and in which an allocation beyond what is allowed fails.  Each takes less than two
where nobody else wants the processor; what such a file is after, where it is let, takes minutes.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = "actinf: 1\nkind: model\n"
JSON_HEAD = '{"actinf": 1, "kind": "model", '
PART = "factors: {f: 2}\nmodalities: {m: 2}\nB: {f: identity}\nA:\n  m: "
MANY = 8_000_000


def bomb(width: int, levels: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['1'] * width)}]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * width)}]" for at in range(1, levels)]
    return "\n".join(lines)


def filled(piece: str) -> str:
    return piece * (MANY // len(piece))


FILES: dict[str, tuple[Callable[[], str], str]] = {
    "python objects": (lambda: HEAD + "A: !!python/object/apply:os.system [echo]\n", ":3: the tag"),
    "python names": (lambda: HEAD + "A: !!python/name:os.system\n", ":3: the tag"),
    "billion laughs": (lambda: HEAD + bomb(9, 10), ":7: more than 250,000 values"),
    "laughing keys": (lambda: HEAD + bomb(9, 5) + "\nfactors: {a: *a4}\n", "the key 'a0' is not known here"),
    "ten gigabytes of states": (
        lambda: HEAD + "factors: {f: 10000000000}\n",
        ":3: factor 'f' has 10,000,000,000 states",
    ),
    "more states than numbers": (
        lambda: HEAD + f"factors: {{f: {'9' * 400}}}\n",
        "a number of more than 30 digits states",
    ),
    "many factors of many states": (
        lambda: HEAD + "factors: {" + ", ".join(f"f{at}: 1000000" for at in range(500)) + "}\n",
        "there are 3,000,000 names in the model: expected at most 2,000,000",
    ),
    "many factors": (
        lambda: HEAD + "factors:\n" + "".join(f"  f{at}: 2\n" for at in range(90_000)),
        "there are 90,000 factors",
    ),
    "a table over a product of factors": (
        lambda: (
            HEAD
            + f"factors: {{{', '.join(f'f{at}: 1000' for at in range(9))}}}\n"
            + f"modalities: {{m: {{outcomes: 2, depends_on: [{', '.join(f'f{at}' for at in range(9))}]}}}}\n"
            "A: {m: uniform}\n"
        ),
        "would take 4.0e+28 bytes: at most 268 MB for a model",
    ),
    "many axes": (
        lambda: (
            HEAD + f"factors: {{f: 1}}\nmodalities: {{m: {{outcomes: 1, depends_on: [{', '.join(['f'] * 99)}]}}}}\n"
        ),
        "modality 'm' depends on 99 factors: expected at most 24",
    ),
    "many actions": (
        lambda: HEAD + "factors: {f: {states: 2, actions: 1000000}}\n",
        "has 1,000,000 actions: expected 1 to 10,000",
    ),
    "cases that overlap": (
        lambda: HEAD + PART.replace("f: 2", "f: 1000000") + "{cases: [" + "{then: uniform}, " * 50_000 + "]}\n",
        "has cases that cover more than 20,000,000 columns together",
    ),
    "cases of many rows": (
        lambda: (
            HEAD
            + PART.replace("f: 2", "f: 100000").replace("m: 2", "m: 1000000")
            + "{cases: ["
            + ", ".join(f"{{when: {{f: {at}}}, then: {('uniform', '{1: 1}')[at % 2]}}}" for at in range(25_000))
            + "]}\n"
        ),
        "has no case for f='25000' and 74,999 more columns",
    ),
    "preferences of many steps": (
        lambda: HEAD + PART.replace("m: 2", "m: 1000000") + "uniform\nC: {m: [" + "{}, " * 100_000 + "]}\n",
        "has 100,000 steps of 1,000,000 outcomes: expected at most 10,000,000 numbers",
    ),
    "unknown states": (
        lambda: (
            HEAD
            + PART.replace("f: 2", "f: 1000000")
            + "{deterministic: {"
            + ", ".join(f"x{at}: 0" for at in range(200_000))
            + "}}\n"
        ),
        "after 100 mistakes the rest was not checked",
    ),
    "not a number": (lambda: HEAD + PART + "[[.nan, 1], [1, 0]]\n", ":7: A['m'], column f='0', outcome '0', is nan"),
    "an infinite number": (
        lambda: HEAD + PART + "[[1e999, 1], [1, 0]]\n",
        ":7: A['m'], column f='0', outcome '0', is inf",
    ),
    "an infinite preference": (lambda: HEAD + PART + "uniform\nC: {m: [.inf, 0]}\n", ":8: C['m']['0'] is inf"),
    "a huge whole number": (lambda: HEAD + PART + f"[[{'9' * 390}, 1], [1, 0]]\n", "expected an array of numbers"),
    "a number as long as a book": (lambda: HEAD + "A: " + filled("9") + "\n", "A is '99999"),
    "texts for numbers": (lambda: HEAD + PART + "[['1', '0'], ['0', '1']]\n", ":7: A['m'] is an array that holds text"),
    "mappings for numbers": (lambda: HEAD + PART + "[[{}, {}], [{}, {}]]\n", ":7: A['m'] is an array of mixed things"),
    "nested lists": (lambda: HEAD + "A: " + "[" * 1_000_000, ":3: lists and mappings are nested more than 24 deep"),
    "nested mappings": (
        lambda: HEAD + "A: " + "{a: " * 1_000_000,
        ":3: lists and mappings are nested more than 24 deep",
    ),
    "nested dashes": (lambda: HEAD + "A:\n" + "- " * 1_000_000, ":4: lists and mappings are nested more than 24 deep"),
    "nested questions": (lambda: HEAD + "? " * 1_000_000, ":3: a key is a list or a mapping"),
    "unknown keys": (lambda: HEAD + "".join(f"a{at}: 1\n" for at in range(100_000)), "the key 'a0' is not known here"),
    "the same key": (lambda: HEAD + "a: 1\n" * 200_000, ":4: the key 'a' is given twice: first in line 3"),
    "many anchors": (
        lambda: HEAD + "A: [" + ", ".join(f"&a{at} 1" for at in range(260_000)) + "]\n",
        "more than 250,000 values",
    ),
    "many directives": (lambda: filled("%TAG ! a\n"), ":1: YAML directives"),
    "many comments": (lambda: HEAD + filled("#\n"), "factors are missing"),
    "many lines": (lambda: HEAD + filled("\n"), "factors are missing"),
    "many values": (lambda: HEAD + "A: [" + filled("1,"), "more than 250,000 values"),
    "a long text": (lambda: HEAD + "A: '" + filled("x ") * 4 + "'", "factors are missing"),
    "a long key": (lambda: HEAD + filled("k") + ": 1", "this is not YAML"),
    "an open quote": (lambda: HEAD + 'A: "' + filled("\\n"), ":3: this is not YAML"),
    "a text of numbers": (lambda: HEAD + PART + "|\n" + "    1 0\n" * 1_000_000, ":7: A['m'] has shape (1000000, 2)"),
    "a text of entries": (
        lambda: HEAD + PART + "\n    sparse: |\n" + "      0 0 1\n" * 1_000_000,
        "has 1,000,000 sparse entries for 4 places",
    ),
    "too large": (lambda: HEAD + filled("#\n") * 13, "at most 100,663,296 are read"),
    "json: nested": (lambda: JSON_HEAD + '"A": ' + "[" * 600_000, "nested more than 24 deep"),
    "json: values": (lambda: JSON_HEAD + '"A": [' + filled("1,") + "1]}", "more than 250,000 values"),
    "json: quotes": (lambda: JSON_HEAD + '"A": ' + filled('"'), ":1: this is not JSON"),
    "json: escapes": (lambda: JSON_HEAD + '"A": "' + filled('\\"'), ":1: this is not JSON: Unterminated string"),
    "json: lines": (lambda: JSON_HEAD + '"A": ' + filled("\n") * 4 + "1}", "factors are missing"),
    "json: digits": (lambda: JSON_HEAD + '"A": ' + filled("9") + "}", ":1: the file holds a number of too many digits"),
    "json: the same key": (lambda: JSON_HEAD + '"a": 1,' * 200_000 + '"b": 1}', "the key 'a' is given twice"),
    "json: not a number": (lambda: JSON_HEAD + '"factors": {"f": NaN}}', "factor 'f' has nan for its states"),
}

READER = """
import json, math, resource, signal, sys, time
from pathlib import Path
from actinf.errors import FileError
from actinf.model import Model
from actinf.model import files

def too_slow(*_):
    raise TimeoutError("took more than ten seconds")

signal.signal(signal.SIGXCPU, too_slow)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
held = int(status["VmSize"].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (held + 800 * 2**20, resource.RLIM_INFINITY))
for path in sys.stdin.read().splitlines():
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + 10), resource.RLIM_INFINITY))
    try:
        Model.load(path)
        answer = "loaded"
    except FileError as error:
        answer = str(error)
    except BaseException as error:
        answer = repr(error)
    Path(path).unlink()
    print(json.dumps(answer), flush=True)
"""
AT_ONCE = 12


def said_of(names: list[str], folder: Path) -> dict[str, str]:
    """What the reader says to each file, a few files on disk at a time."""
    found: dict[str, str] = {}
    for start in range(0, len(names), AT_ONCE):
        batch = names[start : start + AT_ONCE]
        paths = [folder / f"{at}.{'json' if name.startswith('json') else 'yaml'}" for at, name in enumerate(batch)]
        for path, name in zip(paths, batch, strict=True):
            path.write_text(FILES[name][0](), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", READER],
            input="\n".join(map(str, paths)),
            capture_output=True,
            text=True,
            check=False,
        )
        said = [json.loads(line) for line in done.stdout.splitlines()]
        said += [f"no answer: {done.stderr[-500:]}"] * (len(batch) - len(said))
        found |= dict(zip(batch, said, strict=True))
    return found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits of memory are set as Linux sets them")
def test_a_hostile_file_gets_a_clear_error_in_time_and_without_the_memory(tmp_path: Path) -> None:
    """One test for all, so that the files are made once, however the tests are spread over processes."""
    said = said_of(list(FILES), tmp_path)
    assert {name: answer[:300] for name, answer in said.items() if FILES[name][1] not in answer} == {}
    assert max(len(answer.splitlines()) for answer in said.values()) <= 101
