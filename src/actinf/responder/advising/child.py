"""The engine as a child process, `python -m actinf.advise`: begun when it is needed, warm while it is asked, bounded.

Whatever it does, hang, die, take memory or talk nonsense, comes out as an absence with a reason.  After a failure it
rests for a while, so that a page is not kept waiting by each try.  Its first answer may take long: where nothing is
compiled yet, that is when it is.  Who asks is then told that it is being prepared, and finds the answer when they ask
again.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from actinf.responder.advising.port import Absent, Question, Rating, Told

__all__ = ["ChildAdviser", "Limits"]

_LOG = logging.getLogger(__name__)

_LONGEST_ANSWER = 1 << 20
_REMEMBERED = 64
#: Questions that may wait for their answers.
_MOST_PENDING = 64
_PREPARING = Absent("it is being prepared, and is there in a moment", preparing=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the child is allowed.

    Attributes:
        first: seconds that its first answer may take: on a new installation the engine is compiled meanwhile.
        answer: seconds that any other may take.
        idle: seconds without a question after which it ends.
        rest: seconds that it is not begun again after a failure.
        memory: MiB that it may map.
    """

    first: float = 300.0
    answer: float = 2.0
    idle: float = 600.0
    rest: float = 30.0
    memory: int = 1024


@dataclass(eq=False, slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    questions: SimpleQueue[bytes | None] = field(default_factory=SimpleQueue)
    has_answered: bool = False
    pending: dict[int, _Waiting] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Waiting:
    key: str
    child: _Child
    since: float
    answer: Future[Told | Absent] = field(default_factory=Future)


class ChildAdviser:
    """Asks the engine in a process of its own.

    Args:
        limits: what it is allowed.
        command: what is started instead of the engine.
        environment: all that it gets of one.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        command: Sequence[str] | None = None,
        *,
        environment: Mapping[str, str],
    ):
        self._environment = dict(environment)
        self._limits = limits or Limits()
        # -P: what lies in the folder where somebody types is none of ours.
        self._command = list(command or (sys.executable, "-P", "-m", "actinf.advise", str(self._limits.memory)))
        self._lock = threading.RLock()
        self._child: _Child | None = None
        self._number = 0
        self._remembered: OrderedDict[str, Told | Absent] = OrderedDict()
        self._failed: tuple[float, str] | None = None
        self._idle: threading.Timer | None = None

    def ask(self, question: Question, *, patience: float) -> Told | Absent:
        """As `Adviser.ask`."""
        key = question.key()
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
            if self._failed is not None and time.monotonic() - self._failed[0] < self._limits.rest:
                return Absent(self._failed[1])
            try:
                waiting = self._asked(key, question)
            except OSError as error:
                return self._give_up(f"its process could not be asked ({error.strerror or error})")
        if waiting.key != key:  # so many wait that only one thing counts: whether the child hangs
            late = self._late(waiting)
            return late if isinstance(late, Absent) else _PREPARING
        try:
            return waiting.answer.result(timeout=patience)
        except TimeoutError:
            return self._late(waiting)

    def warm(self, kind: str) -> None:
        """As `Adviser.warm`: what the engine loads takes most of its first answer's time."""
        with self._lock:
            if self._child is not None and self._child.process.poll() is None:
                self._count_idle()
                return
            if self._failed is not None and time.monotonic() - self._failed[0] < self._limits.rest:
                return
            question = Question(kind=kind, seen=(), counts={})
            try:
                self._asked(question.key(), question)
            except OSError as error:
                self._give_up(f"its process could not be begun ({error.strerror or error})")

    @property
    def pid(self) -> int | None:
        """The child's process; None: there is none now."""
        with self._lock:
            return None if self._child is None else self._child.process.pid

    def close(self) -> None:
        """End the child."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            child, self._child = self._child, None
        if child is not None:
            child.process.kill()

    def _asked(self, key: str, question: Question) -> _Waiting:
        """The same question is asked once, however many wait for it; where too many wait, the oldest is told."""
        child = self._living()
        for one in child.pending.values():
            if one.key == key:
                return one
        if len(child.pending) >= _MOST_PENDING:
            return next(iter(child.pending.values()))
        self._number += 1
        waiting = _Waiting(key, child, time.monotonic())
        child.pending[self._number] = waiting
        asked = {"id": self._number, "type": question.kind, "seen": question.seen, "counts": question.counts}
        child.questions.put(json.dumps(asked).encode() + b"\n")
        self._count_idle()
        return waiting

    def _living(self) -> _Child:
        if self._child is not None and self._child.process.poll() is None:
            return self._child
        process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for who asks; the child ends with its input
        )
        child = self._child = _Child(process)
        threading.Thread(target=self._listen, args=(child,), name="advice", daemon=True).start()
        threading.Thread(target=_tell, args=(child,), name="advice questions", daemon=True).start()
        return child

    def _listen(self, child: _Child) -> None:
        """Take answers from a child, until there are none or one is none."""
        process = child.process
        why = ""
        if process.stdout is not None:
            while line := process.stdout.readline(_LONGEST_ANSWER):
                why = self._heard(child, line)
                if why:
                    break
        process.kill()
        code = process.wait()
        child.questions.put(None)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _closed(pipe)
        self._ended(child, why or f"its process ended ({_how(code)})")

    def _heard(self, child: _Child, line: bytes) -> str:
        """Take an answer; why it is none, or nothing."""
        nonsense = "its process answers nothing that can be understood"
        try:
            said = json.loads(line)
            told = _told(said["advice"]) if "advice" in said else Absent(f"it refuses: {str(said['refused'])[:300]}")
            number = int(said["id"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return nonsense
        with self._lock:
            waiting = child.pending.pop(number, None)
            if waiting is None:
                return nonsense
            child.has_answered = True
            self._failed = None
            self._remembered[waiting.key] = told
            if len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        waiting.answer.set_result(told)
        return ""

    def _ended(self, child: _Child, why: str) -> None:
        with self._lock:
            pending = list(child.pending.values())
            child.pending.clear()
            if self._child is child:
                self._child = None
            absent = self._give_up(why) if pending else Absent(why)
        for one in pending:
            one.answer.set_result(absent)

    def _late(self, waiting: _Waiting) -> Told | Absent:
        """Nothing came while it was waited for: it is being prepared, or it hangs."""
        child, limits = waiting.child, self._limits
        with self._lock:
            if waiting.answer.done():  # just now
                return waiting.answer.result()
            allowed = limits.answer if child.has_answered else limits.first
            if time.monotonic() - waiting.since < allowed:
                return _PREPARING
        self._ended(child, f"its process did not answer within {allowed:g} s, and was ended")
        child.process.kill()
        return waiting.answer.result()

    def _give_up(self, why: str) -> Absent:
        _LOG.warning("no advice: %s; it is begun again in %.0f s at the earliest", why, self._limits.rest)
        self._failed = (time.monotonic(), why)
        return Absent(why)

    def _count_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = threading.Timer(self._limits.idle, self._end_idle)
        self._idle.daemon = True
        self._idle.start()

    def _end_idle(self) -> None:
        with self._lock:
            if self._child is not None and self._child.pending:
                self._count_idle()
                return
            child, self._child = self._child, None
        if child is not None:
            child.process.kill()


def _tell(child: _Child) -> None:
    """Hand questions to a child: a pipe that it does not empty must keep nobody waiting but this thread."""
    pipe = child.process.stdin
    while pipe is not None and (question := child.questions.get()) is not None:
        try:
            pipe.write(question)
            pipe.flush()
        except (OSError, ValueError):  # it has ended, and whoever listens to it says so
            return


def _told(said: Mapping[str, Any]) -> Told:
    return Told(
        causes={str(one["cause"]): float(one["belief"]) for one in said["causes"]},
        checks=tuple(map(_rating, said["checks"])),
        resolutions=tuple(map(_rating, said["resolutions"])),
        treat=None if said["treat"] is None else str(said["treat"]),
    )


def _rating(said: Mapping[str, Any]) -> Rating:
    numbers = {name: float(said[name]) for name in ("remaining", "G", "information", "cost", "minutes", "harm")}
    return Rating(
        step=str(said["step"]),
        **numbers,
        expected={str(outcome): float(share) for outcome, share in said["expected"].items()},
        separates=tuple(map(str, said["separates"])),
        helps=None if said["helps"] is None else float(said["helps"]),
        against=None if said["against"] is None else str(said["against"]),
        enables=tuple(map(str, said["enables"])),
    )


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _closed(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not written any more
        return
