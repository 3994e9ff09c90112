"""Every line of the founding runbook works; the one that takes minutes is typed in full by tests/campaign."""

from pathlib import Path

from support.runbook_gate import every_line_works, installation


def test_every_line_of_the_runbook_works(tmp_path: Path) -> None:
    with installation() as operated:
        every_line_works(operated, tmp_path, in_full=False)
