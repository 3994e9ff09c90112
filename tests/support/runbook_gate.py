"""The gate: every line of the founding runbook is typed into an installation, and each has to work."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.operated import Operated, operated_system
from support.postgres import folder_for_servers
from support.runbook import as_table, lines_of_the_runbook, tried
from support.terminals import make_it_look_used, terminal_of


@contextmanager
def installation() -> Iterator[Operated]:
    with folder_for_servers() as folder, operated_system(folder) as system:
        yield system


def every_line_works(operated: Operated, scratch: Path, *, in_full: bool) -> None:
    """Type all lines, print what came of them as a table, and fail with those that do not work.

    Args:
        operated: the installation
        scratch: a folder for what lines write
        in_full: as they stand also where that takes minutes
    """
    terminal = terminal_of(operated, scratch)
    make_it_look_used(operated, terminal)
    outcomes = [tried(line, terminal, in_full=in_full) for line in lines_of_the_runbook()]
    print(f"\n{as_table(outcomes)}")
    failed = [f"row {one.line.row}: {one.line.line}\n    {one.why}" for one in outcomes if one.verdict == "fails"]
    assert not failed, "\n".join(failed)
