"""What the tools that write files into the repository share: they write, or check that nothing has to be written."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path


def write_or_check(wanted: Mapping[Path, str], *, there: Iterable[Path] = ()) -> int:
    """Write the files; or, where the command line says `--check`, look whether they are as they would be written.

    Args:
        wanted: what each is to hold.
        there: files of the same tool; those that are not wanted go.

    Returns:
        The exit code: 1 where a check found a difference.
    """
    left_over = [path for path in there if path not in wanted]
    if sys.argv[1:] == ["--check"]:
        differs = any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in wanted.items())
        return int(differs or bool(left_over))
    for path in left_over:
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0
