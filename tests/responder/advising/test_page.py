"""The pages as steps say what the runbook says, by the names that the engine's models have."""

import re

import pytest
from support.documentation import ROOT
from support.seeing import alerts

from actinf.advise.knowledge import TYPES, knowledge
from actinf.errors import SettingError
from actinf.responder.advising.page import ADVISED, Page, page_of, the_page
from actinf.responder.intake.changes import ChangeKind
from actinf.responder.runbooks import INCIDENT_TYPES

RUNBOOKS = ROOT / "docs" / "runbooks"


@pytest.fixture(params=ADVISED)
def page(request: pytest.FixtureRequest) -> Page:
    return the_page(request.param)


def test_every_type_that_has_a_model_has_a_page() -> None:
    assert ADVISED == TYPES
    assert set(ADVISED) < set(INCIDENT_TYPES)


def test_the_names_are_those_of_the_model(page: Page) -> None:
    known = knowledge(page.kind)
    assert tuple(page.causes) == known.causes
    assert tuple(page.steps) == known.steps
    for name, step in page.steps.items():
        assert step.is_check is (name in known.checks)
        assert tuple(step.outcomes) == known.outcomes(name)


def test_every_command_stands_in_the_runbook_as_it_is_typed(page: Page) -> None:
    lines = {line.strip() for path in RUNBOOKS.glob("*.md") for line in path.read_text(encoding="utf-8").splitlines()}
    inline = {code for line in lines for code in re.findall(r"`([^`]+)`", line)}
    for step in page.steps.values():
        assert [line for line in step.commands.splitlines() if line not in lines | inline] == [], step.name


def test_every_step_leads_to_a_heading_of_the_runbook(page: Page) -> None:
    for step in page.steps.values():
        if not step.runbook:
            continue
        name, _, anchor = step.runbook.partition("#")
        headings = re.findall(r"^#+ (.+)$", (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
        anchors = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
        assert anchor in anchors, step.runbook


def test_what_a_machine_says_are_shipped_alerts_and_outcomes_that_there_are(page: Page) -> None:
    assert set(page.by_machine) <= set(alerts())
    assert set(page.by_change) <= {kind.value for kind in ChangeKind}
    said = [*page.by_machine.values(), *page.by_change.values(), *page.by_dependencies.items()]
    assert [(step, outcome) for step, outcome in said if outcome not in page.steps[step].outcomes] == []


def test_words_fit_into_a_sentence(page: Page) -> None:
    for words in (*page.causes.values(), *(step.words for step in page.steps.values())):
        assert words[0].islower() or words.startswith(("API", "I")), words
        assert not words.endswith("."), words


def test_other_types_have_no_page() -> None:
    assert page_of("other") is None
    with pytest.raises(SettingError, match=r"incidents of type 'other' have no steps .* expected one of api_down"):
        the_page("other")
