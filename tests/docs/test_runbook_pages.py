"""The pages of docs/runbooks before anybody pastes them: what they type can be read, and what they name exists.

Whether it works is seen by tests/campaign/test_runbook_pages.py, which takes minutes.
"""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from support.chart import CHART, Manifest, rendered
from support.documentation import ROOT, blocks_of, parsed
from support.runbook_pages import (
    SHOWN,
    TYPED,
    commands_of,
    complaint,
    is_yours,
    lines_of,
    pages,
    said_of_pages,
    unmatched,
    variable_of,
)
from support.seeing import DEPLOY, alerts

PAGES = pages()
#: Variables of every shell.
ALWAYS_SET = {"HOME"}
#: What Kubernetes and PostgreSQL call things, in the form of an alert's name.
WORDS_OF_OTHERS = {
    "CrashLoopBackOff", "ErrImagePull", "FailedScheduling", "ImagePullBackOff", "NetworkPolicies", "NotFound",
    "OOMKilled",
}  # fmt: skip
#: It waits for what is typed, or goes on until Ctrl-C.
TAKES_THE_KEYBOARD = re.compile(r"(?:exec|debug) (?:\S+ )?-it |logs -f ")
KINDS = {
    "cronjob": "CronJob", "deployment": "Deployment", "hpa": "HorizontalPodAutoscaler", "service": "Service",
    "statefulset": "StatefulSet",
}  # fmt: skip


def named(page: Path) -> str:
    return page.name


def commands(page: Path) -> list[tuple[int, str]]:
    """The commands of bash of a page, each with its line."""
    return [one for block in blocks_of(page) if block.kind == "bash" for one in commands_of(block)]


def words(command: str) -> list[str]:
    return shlex.split(command, comments=True)


# ------------------------------------------------------------------------------------------------------ what is typed


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_is_typed_or_shown(page: Path) -> None:
    assert {block.kind for block in blocks_of(page)} <= {*TYPED, *SHOWN}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_can_be_read_by_bash(page: Path) -> None:
    wrong = {f"{page.name}:{line}": complaint(command) for line, command in commands(page)}
    assert {where: said for where, said in wrong.items() if said} == {}


def test_bash_would_complain() -> None:
    assert "unexpected EOF" in complaint("kubectl get pods -o jsonpath='{.items")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_is_said_of_commands_is_said_of_commands_that_there_are(page: Path) -> None:
    assert unmatched(page) == []


def test_every_page_with_commands_is_tried_and_the_way_back_comes_last() -> None:
    with_commands = {page.name for page in PAGES if any(True for _ in lines_of(page))}
    assert set(said_of_pages()) == with_commands
    assert list(said_of_pages())[-1] == "recovery.md"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_command_uses_only_what_a_line_above_it_has_set(page: Path) -> None:
    """A name that the reader has to put in by hand at three in the morning is a name that is mistyped."""
    known, missing = set(ALWAYS_SET), []
    for line, command in commands(page):
        outside = re.sub(r"'[^']*'", "''", command)
        missing += [
            f"{page.name}:{line}: {name}" for name in re.findall(r"\$\{?([A-Z_]+)", outside) if name not in known
        ]
        missing += [f"{page.name}:{line}: {word}" for word in words(command) if re.fullmatch(r"[A-Z]{3,}|<\w+>", word)]
        if name := variable_of(command):
            known.add(name)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_variable_finds_its_value_or_says_that_it_is_yours(page: Path) -> None:
    plain = [command for _, command in commands(page) if variable_of(command) and "$" not in command]
    plain = [command for command in plain if not command.startswith("export ACTINF_URL=")]
    assert [command for command in plain if not is_yours(command)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_takes_the_keyboard_ends_its_block(page: Path) -> None:
    """Of a block that is pasted whole, the lines behind it would be typed into it."""
    wrong = []
    for block in blocks_of(page):
        typed = list(commands_of(block)) if block.kind == "bash" else []
        wrong += [f"{page.name}:{line}" for line, command in typed[:-1] if TAKES_THE_KEYBOARD.search(command)]
    assert wrong == []


# ------------------------------------------------------------------------------------------------- what is named exists


@cache
def objects() -> tuple[Manifest, ...]:
    """What an installation with everything on holds."""
    return tuple(
        rendered({"autoscaling": {"enabled": True}, "debug": {"enabled": True}, "responder": {"enabled": True}})
    )


def names_of(kind: str) -> set[str]:
    return {one["metadata"]["name"] for one in objects() if one["kind"] == kind}


def in_backticks(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_of_actinf_exists_with_its_options(page: Path) -> None:
    wrong = []
    for line, command in commands(page):
        for found in re.findall(r"(?:^| )actinf ([^)|;]*)", command):
            try:
                parsed(words(found))
            except click.ClickException as error:
                wrong.append(f"{page.name}:{line}: {error.format_message()}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_alert_exists_that_a_page_names(page: Path) -> None:
    looks_so = {name for name in in_backticks(page) if re.fullmatch(r"(?:[A-Z][a-z]+){2,}|Watchdog", name)}
    assert looks_so - WORDS_OF_OTHERS - set(alerts()) == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_alert_is_explained_on_the_page_to_which_it_leads(page: Path) -> None:
    leading = {
        name for name, alert in alerts().items() if alert["annotations"]["runbook_url"] == f"docs/runbooks/{page.name}"
    }
    assert leading - set(in_backticks(page)) == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_dashboard_exists_that_a_page_names(page: Path) -> None:
    titles = {json.loads(path.read_text(encoding="utf-8"))["title"] for path in (DEPLOY / "dashboards").glob("*.json")}
    assert set(re.findall(r"dashboard\s+`([^`]+)`", page.read_text(encoding="utf-8"))) <= titles


def test_every_dashboard_of_an_incident_is_named() -> None:
    said = {word for page in PAGES for word in in_backticks(page)}
    titles = {json.loads(path.read_text(encoding="utf-8"))["title"] for path in (DEPLOY / "dashboards").glob("*.json")}
    assert titles <= said


def objects_named_by(text: str) -> Iterator[tuple[str, str]]:
    """Kinds and names in lines of kubectl."""
    pattern = rf"(?<![\w-])({'|'.join(KINDS)})[/ ]([a-z][a-z0-9-]+)(?![\w*])"
    for kind, name in re.findall(pattern, text):
        yield KINDS[kind], name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_object_exists_that_a_line_of_kubectl_names(page: Path) -> None:
    lines = [command for _, command in commands(page)] + [
        one for one in in_backticks(page) if one.startswith("kubectl")
    ]
    wanted = {one for line in lines if "kubectl" in line for one in objects_named_by(line)}
    assert {(kind, name) for kind, name in wanted if name not in names_of(kind)} == set()


def test_the_names_are_found_in_lines_of_kubectl() -> None:
    """The test above is worth what this finds."""
    said = (
        "kubectl rollout status deployment/nginx; kubectl patch hpa api -p '{}'; kubectl get deployments,statefulsets"
    )
    assert list(objects_named_by(said)) == [("Deployment", "nginx"), ("HorizontalPodAutoscaler", "api")]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_label_container_and_claim_exists_that_a_line_selects(page: Path) -> None:
    text = "\n".join(command for _, command in commands(page))
    apps = {
        one["spec"]["template"]["metadata"]["labels"]["app"] for one in objects() if "template" in one.get("spec", {})
    }
    assert set(re.findall(r"-l app=([\w-]+)", text)) <= apps | names_of("CronJob")
    assert set(re.findall(r"pvc ([a-z][\w-]+)", text)) <= {"data-postgres-0"}
    assert set(re.findall(r"--namespace (\w+)", text)) <= names_of("Namespace")
    accounts = {
        name for name in in_backticks(page) if re.fullmatch(r"active-inference-(responder|changer|\w+er)", name)
    }
    assert accounts <= names_of("ServiceAccount") | names_of("Deployment")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_exists_that_a_page_names(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = {path.rstrip(".") for path in re.findall(r"(?<![\w./-])(?:deploy|tests|docs|tools)/[\w./-]+", text)}
    links = {link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link}
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert {link for link in links if not (page.parent / link).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_value_of_the_chart_exists_that_a_page_names(page: Path) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    missing = []
    for name in in_backticks(page):
        first, *rest = name.split(".")
        if not rest or first not in values or not re.fullmatch(r"[\w.]+", name):
            continue
        found = values[first]
        for part in rest:
            found = found.get(part) if isinstance(found, dict) else None
        missing += [name] if found is None else []
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_view_and_function_for_operators_exists_that_a_page_names(page: Path) -> None:
    made = (ROOT / "src/actinf/service/migrations/versions/0003_ops.sql").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\bops\.(\w+)", page.read_text(encoding="utf-8")))
    assert wanted <= set(re.findall(r"CREATE (?:VIEW|FUNCTION) ops\.(\w+)", made))
