"""The documentation is true: what it shows runs, what it names exists, and what exists is named."""

import dataclasses
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.documentation import ROOT, SERVICE, blocks_of, commands_of, parsed, perform, talks_to_a_service

import actinf as ai
from actinf.cli.app import _COMMANDS, app
from actinf.lab.experiment import AgentSettings
from actinf.lab.trace_layout import RECORDABLE

DOCS = ROOT / "docs"
WRITTEN = [ROOT / "README.md", *sorted(page for page in DOCS.rglob("*.md") if "adr" not in page.parts)]
PERFORMED = [page for page in WRITTEN if any(block.kind in ("python", "pycon", "console") for block in blocks_of(page))]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(autouse=True)
def a_terminal_of_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture(autouse=True)
def a_responder_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "responder"))
    monkeypatch.setenv("ACTINF_USER", "ada")


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compiled, or loaded, before a page says what is printed."""
    agent = ai.Agent(ai.Model.load("tmaze"))
    agent.start().step([0, 0, 0])
    ai.simulate(agent, num_agents=1, num_steps=1)


# ------------------------------------------------------------------------------------------------- what is shown runs


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a service that wants no key, as `make serve` starts it."""
    from support.postgres import fresh_database
    from support.service import running_service

    server = request.getfixturevalue("postgres_server")
    with fresh_database(server) as url, running_service(url, insecure_local=True) as running:
        yield running.url


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("page", PERFORMED, ids=named)
def test_everything_that_a_page_shows_comes_out_as_it_says(
    page: Path, folder_of_its_own: Path, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue("service") if talks_to_a_service(page) else SERVICE
    assert "\n".join(perform(page, folder_of_its_own, address)) == ""


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_every_example_runs_and_says_something(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(example), run_name="__main__")
    assert capsys.readouterr().out.strip()


# ---------------------------------------------------------------------------------------------- what is named exists


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    blocks = [block for block in blocks_of(page) if block.kind in ("console", "sh")]
    commands = [words for block in blocks for words, _ in commands_of(block)]
    inline = re.findall(
        r"`actinf ([^`]+)`", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    )
    commands += [["actinf", *words.split()] for words in inline]
    wrong = []
    for words in commands:
        if words[0] == "actinf":
            try:
                parsed(words[1:])
            except click.ClickException as error:
                wrong.append(f"{' '.join(words)}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_name_of_the_package_that_a_page_uses_exists(page: Path) -> None:
    names = set(re.findall(r"`ai\.([A-Za-z_]+(?:\.[A-Za-z_]+)*)", page.read_text(encoding="utf-8")))
    missing = []
    for name in names:
        found: object = ai
        for part in name.split("."):
            if not hasattr(found, part):
                missing.append(f"ai.{name}")
                break
            found = getattr(found, part)
    assert missing == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_link_to_a_section_finds_it(page: Path) -> None:
    missing = []
    for address, section in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
        target = page.parent / address if address else page
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        if section not in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]:
            missing.append(f"{address}#{section}")
    assert missing == []


# ---------------------------------------------------------------------------------------------- what exists is named


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if "adr" not in page.parts]
    assert [page for page in pages if page != "README.md" and f"]({page})" not in index] == []


def test_every_example_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert EXAMPLES
    assert [example.name for example in EXAMPLES if f"](../examples/{example.name})" not in index] == []


def whole(name: str, command: click.Command) -> dict[str, click.Command]:
    """A command, and those inside it where it is a group."""
    found = {name: command}
    if isinstance(command, click.Group):
        for inside, one in command.commands.items():
            found |= whole(f"{name} {inside}", one)
    return found


def test_every_command_and_every_option_is_documented() -> None:
    page = (DOCS / "reference" / "command-line.md").read_text(encoding="utf-8")
    missing = []
    with click.Context(app) as context:
        for name in _COMMANDS:
            command = app.get_command(context, name)
            assert command is not None
            missing += [] if f"## actinf {name}" in page else [name]
            for said, one in whole(name, command).items():
                missing += [] if said == name or f"`actinf {said}" in page else [said]
                options = [option for option in one.params if isinstance(option, click.Option) and not option.hidden]
                missing += [
                    f"{said} {option.opts[-1]}" for option in options if f"`{max(option.opts, key=len)}" not in page
                ]
    assert missing == []


def test_every_setting_of_an_experiment_is_documented() -> None:
    page = (DOCS / "howto" / "experiments.md").read_text(encoding="utf-8")
    kinds = (AgentSettings, ai.FixedPoint, ai.Exact, ai.Exhaustive, ai.Learning)
    settings = [(kind.__name__, one.name) for kind in kinds for one in dataclasses.fields(kind)]
    assert [f"{kind}: {name}" for kind, name in settings if f"`{name}`" not in page] == []
    assert [name for name in RECORDABLE if f"`{name}`" not in page] == []
