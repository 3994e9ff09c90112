"""Every line of the founding runbook, typed into an installation that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.operated import Operated, operated_system
from support.postgres import folder_for_servers
from support.runbook import as_table, lines_of_the_runbook, tried
from support.terminals import make_it_look_used, terminal_of


@pytest.fixture(scope="module")
def operated() -> Iterator[Operated]:
    with folder_for_servers() as folder, operated_system(folder) as system:
        yield system


def test_every_line_of_the_runbook_works_as_it_is_typed(operated: Operated, tmp_path: Path) -> None:
    terminal = terminal_of(operated, tmp_path)
    make_it_look_used(operated, terminal)
    outcomes = [tried(line, terminal, in_full=True) for line in lines_of_the_runbook()]
    print(f"\n{as_table(outcomes)}")
    failed = [f"row {one.line.row}: {one.line.line}\n    {one.why}" for one in outcomes if one.verdict == "fails"]
    assert not failed, "\n".join(failed)
