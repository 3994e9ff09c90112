"""`actinf rerun`: run a recorded run again, and say whether the bytes are the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.text import Text

from actinf.cli.console import Screen

__all__ = ["command"]


@click.command("rerun")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--threads", type=click.IntRange(min=1), help="Threads to use; the result is the same.  [default: all cores]"
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing: the exit code is the answer.")
@click.option("--json", "as_json", is_flag=True, help="Say what came out as JSON.")
def command(folder: Path, threads: int | None, *, quiet: bool, as_json: bool) -> int:
    """Run the run in FOLDER again and compare the traces byte by byte.

    Exit code 0: the same bytes.  1: they differ; then the new trace is kept beside the old one.  What is not as it was
    (settings, versions, the kernels, the processor) is named in both cases.
    """
    screen = Screen(quiet=quiet or as_json)
    with screen.waiting("reading"):
        from actinf.lab.running import load_run, rerun, warm_up

        _, experiment = load_run(folder)
    warm_up(experiment)  # beside no bar: what it says would not be seen
    with screen.progress(f"running {folder} again") as progress:
        found = rerun(folder, threads=threads, progress=progress)
    if as_json:
        screen.json(
            {
                "same": found.same,
                "sha256": found.digest,
                "recorded_sha256": found.expected,
                "differences": list(found.differences),
                "kept": None if found.kept is None else str(found.kept),
                "seconds": found.seconds,
            }
        )
    elif not quiet:
        _tell(screen, found)
    return 0 if found.same else 1


def _tell(screen: Screen, found: object) -> None:
    from actinf.lab.running import Repetition

    if not isinstance(found, Repetition):
        return
    tell = partial(screen.out.print, soft_wrap=True)  # a digest is copied, and a difference searched for, in one line
    if found.same:
        tell(Text.assemble(("the same bytes", "bold green"), f": sha256 {found.digest}"))
        if found.kept is not None:
            tell(Text(f"the trace was missing and is there again: {found.kept}"))
    else:
        tell(Text.assemble(("other bytes", "bold red"), f": sha256 {found.digest}, recorded {found.expected}"))
        tell(Text(f"the new trace is kept: {found.kept}"))
    if found.differences:
        tell(Text("not as it was:"))
        for difference in found.differences:
            tell(Text(f"  {difference}"))
    elif not found.same:
        tell(Text("settings, versions, kernels and processor are as they were: please report this"))
