"""Answer questions about incidents until standard input ends, a line each: `python -m actinf.advise [MIB]`.

MIB is the memory that the process may map; beyond it, it fails, and the machine does not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Answer; exit status 0 at the end of the input, 1 where a line is longer than any question."""
    if arguments:
        bounded(int(arguments[0]))
        expendable(Path("/proc/self/oom_score_adj"))
    # What computes is loaded within the bound.
    from actinf.advise.exchange import LONGEST_LINE, answer

    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            return 1
        target.write(answer(line.decode("utf-8", "replace")).encode() + b"\n")
        target.flush()
    return 0


def bounded(mib: int) -> None:
    """Let this process map no more memory than so many MiB; where a system has no such bound, there is none."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def expendable(score: Path) -> None:
    """Be the one that the kernel ends where memory runs out, and not the responder beside; elsewhere than on Linux, no.

    Args:
        score: where the kernel is told.
    """
    with suppress(OSError):
        score.write_text("1000")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
