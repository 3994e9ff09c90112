"""The rules of the house that no linter knows.  Each test's docstring says why the rule is there."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "actinf"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

MOST_LINES_OF_A_FILE = 600
MOST_LINES_OF_A_FUNCTION = 90
MOST_ARGUMENTS = 9
# The parts of a model travel together in every paper; here they are one thing that is handed over by name.
PARTS_OF_A_MODEL = {"A", "B", "C", "D", "E", "pA", "pB", "pD", "pE", "A_dependencies", "B_dependencies"}
# The one call that is a whole experiment: its arguments are the fields of an experiment file.
EXCUSED = {"simulate"}
COMPILED = {"inner", "entry_point", "intrinsic", "njit"}


@cache
def committed_files() -> tuple[Path, ...]:
    """All files that git has or would take."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    """The text of a file, or None where it holds something else."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


@cache
def parsed_sources() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(SOURCE.rglob("*.py")))


@cache
def functions() -> tuple[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef], ...]:
    return tuple(
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node)
        for path, tree in parsed_sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def all_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def is_compiled(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [ast.unparse(decorator).partition("(")[0].rpartition(".")[2] for decorator in function.decorator_list]
    return not COMPILED.isdisjoint(names)


# ---------------------------------------------------------------------------------------------- the shape of the code


def test_the_suite_has_to_reach_most_of_the_python_code() -> None:
    """A figure that is printed and held by nothing only goes down."""
    recipe = re.search(r"^test:.*\n\t(.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    floor = re.search(r"--cov-fail-under=(\d+)", recipe.group(1))
    assert floor is not None
    assert f"`make test` fails where the figure is below {floor.group(1)} %" in (ROOT / "CONTRIBUTING.md").read_text(
        encoding="utf-8"
    )


def test_no_python_file_is_longer_than_one_idea() -> None:
    """Past 600 lines a file holds several ideas, and the tree is no table of contents any more.

    Those of tests and tools too: the dashboards had grown to 786 where only the package was looked at.
    """
    python = [path for path in committed_files() if path.suffix == ".py"]
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in python}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen_and_a_half() -> None:
    """A function reads as named steps on one level."""
    lengths = {where: (node.end_lineno or node.lineno) - node.lineno + 1 for where, node in functions()}
    assert {where: length for where, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_function_of_python_takes_more_than_nine_arguments() -> None:
    """What travels together is grouped in a record.  Compiled functions are excused: they take buffers one by one."""
    counts = {
        where: len({argument.arg for argument in all_arguments(node)} - PARTS_OF_A_MODEL - {"self", "cls"})
        for where, node in functions()
        if not is_compiled(node) and node.name not in EXCUSED
    }
    assert {where: count for where, count in counts.items() if count > MOST_ARGUMENTS} == {}


def test_every_file_is_named_after_what_it_holds() -> None:
    """`utils` is where things go that nobody finds again."""
    vague = {"util", "utils", "helper", "helpers", "common", "misc", "stuff", "legacy"}
    assert [str(path.relative_to(ROOT)) for path in committed_files() if path.stem in vague] == []
    assert [str(path) for path in SOURCE.rglob("*") if path.is_dir() and path.name in vague] == []


def test_nothing_reads_the_environment_when_it_is_imported() -> None:
    """Settings are read where a process starts; a module that reads them at import cannot be given others later."""

    def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from outside_functions(child)

    reads = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in parsed_sources()
        for node in outside_functions(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ]
    assert reads == []


def test_every_public_exception_stands_in_the_tree_of_errors() -> None:
    """One `except ActinfError` has to catch all that a user can mend.  A signal inside a part is no public name."""
    public = {
        name.value
        for path, tree in parsed_sources()
        if path.name == "__init__.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.walk(node.value)
        if isinstance(name, ast.Constant)
    }
    strays = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, tree in parsed_sources()
        if path != SOURCE / "errors.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and (node.name in public or node.name.endswith("Error"))
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
    ]
    assert strays == []


# --------------------------------------------------------------------------------------------------- the public names


def test_the_reference_page_shows_exactly_the_public_names() -> None:
    """The page is made from `__all__`, signatures and docstrings: `make format` writes it."""
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "write_reference.py"), "--check"], check=False)
    assert done.returncode == 0, "docs/reference/api.md is not up to date: run `make format`"


def test_every_setting_of_the_service_is_documented() -> None:
    """The page is made from the settings themselves: `make format` writes it."""
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "write_settings.py"), "--check"], check=False)
    assert done.returncode == 0, "docs/reference/settings.md is not up to date: run `make format`"


def test_the_blocking_client_is_written_from_the_asynchronous_one() -> None:
    """Two clients that are kept alike by hand drift apart: `make format` writes one from the other."""
    tool = ROOT / "tools" / "write_blocking_client.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], check=False)
    assert done.returncode == 0, "src/actinf/client/blocking is not up to date: run `make format`"


def test_every_public_name_exists_and_says_what_it_is() -> None:
    import actinf

    assert [name for name in actinf.__all__ if not (getattr(actinf, name).__doc__ or "").strip()] == []


def test_importing_actinf_loads_no_extra(fresh_python) -> None:
    """The engine runs inside other people's programs: an extra is loaded when it is used, and costs nothing before."""
    extras = ["matplotlib", "xarray", "pandas", "h5netcdf", "h5py", "click", "rich", "scipy", "httpx", "pydantic"]
    done = fresh_python(f"import sys, actinf; print([name for name in {extras} if name in sys.modules])")
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_the_version_is_the_same_everywhere() -> None:
    import actinf

    version = PROJECT["project"]["version"]
    assert importlib.metadata.version("actinf") == version
    assert actinf.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


# ----------------------------------------------------------------------------------------------------- dependencies


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_the_core_has_three_dependencies() -> None:
    """docs/adr/0006: a fourth needs a decision on record, here and there."""
    assert {name_of(requirement) for requirement in PROJECT["project"]["dependencies"]} == {"numpy", "numba", "pyyaml"}


def test_the_lock_has_a_hash_for_everything_and_an_address_for_nothing() -> None:
    """docs/adr/0007."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", lock.replace("\\\n", " ").strip())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"://|--index|--find-links|--trusted", lock) == []


def test_the_lock_covers_every_declared_dependency() -> None:
    """A dependency that was added without `make lock` would be missing on the next machine only."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {name_of(line) for line in lock.splitlines() if not line.startswith(" ")}
    declared = [
        *PROJECT["project"]["dependencies"],
        *(line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra),
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    assert {name_of(requirement) for requirement in declared} - locked == {"actinf"}


# ------------------------------------------------------------------------------------------------- committed files

# Written in pieces, so that this file passes its own test.
ADDRESSES_OF_REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org"]
PATHS_OF_A_MACHINE = re.compile(r"(?<![\w.$}*-])/(?:" + "|".join(["wor" + "k", "roo" + "t", "hom" + r"e/\w+"]) + r")/")


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    """Institutes install through mirrors of their own, and a path of one machine means nothing on the next."""
    found = []
    for path in committed_files():
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1):
            if any(address in line for address in ADDRESSES_OF_REGISTRIES) or PATHS_OF_A_MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_text_files_end_with_one_newline_and_lines_without_blanks() -> None:
    """So that a change shows what changed and nothing else.  Ruff sees to the Python files."""
    untidy = []
    for path in committed_files():
        text = text_of(path)
        if not text or path.suffix == ".py" or path.name == "LICENSE":
            continue
        if (
            "\r" in text
            or not text.endswith("\n")
            or text.endswith("\n\n")
            or re.search(r"[ \t]+$", text, re.MULTILINE)
        ):
            untidy.append(str(path.relative_to(ROOT)))
    assert untidy == []


# -------------------------------------------------------------------------------------------------- documentation


def test_every_link_between_pages_leads_somewhere() -> None:
    """Pages move; links to them should not be found broken by a reader."""
    broken = []
    for page in (path for path in committed_files() if path.suffix == ".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            address, _, _ = target.partition("#")
            if address and "://" not in address and not (page.parent / address).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_decision_is_listed_and_names_its_check() -> None:
    """A decision without a check is a wish."""
    listed = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs" / "adr").glob("[0-9]*.md")):
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "The check"], page.name
        assert f"]({page.name})" in listed, f"{page.name} is missing in docs/adr/README.md"


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in (path for path in committed_files() if path.suffix == ".md"):
        named = re.findall(r"(?:`|^ {4})make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets, page.relative_to(ROOT)


def test_every_changelog_fragment_has_a_kind_that_the_changelog_knows() -> None:
    """towncrier passes over a file whose name it does not understand: the change would never be announced."""
    kinds = "|".join(kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"])
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [name for name in names if not re.fullmatch(rf"(\d+|\+[\w-]+)\.({kinds})\.md", name)] == []
