"""Answer questions about incidents until standard input ends, a line each: `python -m actinf.advise`."""

from __future__ import annotations

import sys

from actinf.advise.exchange import LONGEST_LINE, answer

__all__ = ["main"]


def main() -> int:
    """Answer; exit status 0 at the end of the input, 1 where a line is longer than any question."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            return 1
        target.write(answer(line.decode("utf-8", "replace")).encode() + b"\n")
        target.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
