"""Every command of docs/runbooks, pasted page by page into an installation that runs, by whom it is written for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.operated import Operated, operated_system
from support.postgres import folder_for_servers
from support.runbook import Outcome
from support.runbook_pages import HEAD_OF_TABLE, as_note, as_row, pages_in_order, pasted
from support.terminals import make_it_look_used, shell_of, terminal_of


@pytest.fixture(scope="module")
def operated() -> Iterator[Operated]:
    everything = {"debug": {"enabled": True}, "responder": {"enabled": True}}
    with folder_for_servers() as folder, operated_system(folder, **everything) as system:
        yield system


def test_every_command_of_the_pages_works_as_it_is_pasted(operated: Operated, tmp_path: Path) -> None:
    administrator = terminal_of(operated, tmp_path)
    make_it_look_used(operated, administrator)
    outcomes: list[Outcome] = []
    print(f"\n{HEAD_OF_TABLE}")
    for page in pages_in_order():
        for line in page.before:
            made = administrator.type(line, seconds=240)
            assert made.code == 0, f"before {page.name}, `{line}`: exit code {made.code}: {made.output}"
        with shell_of(operated, "active-inference-changer", tmp_path / page.name) as shell:
            for command in page.lines:
                outcomes.append(pasted(command, shell, administrator))
                print(as_row(outcomes[-1]), flush=True)
    print("\n".join(as_note(one) for one in outcomes if one.why))
    failed = [as_note(one) for one in outcomes if one.verdict == "fails"]
    assert not failed, "\n".join(failed)
