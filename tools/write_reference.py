"""Write docs/reference/api.md and docs/reference/openapi.json: the public names of actinf, and the API over HTTP.

The page is an index: what there is, how it is called and what it is for.  Each argument, with its meaning, shape and
unit, stands in the docstring itself (`help(actinf.Agent)`).

    python tools/write_reference.py            write both
    python tools/write_reference.py --check    exit with 1 when one of them is not what would be written
"""

import inspect
import json
import sys
from pathlib import Path
from types import ModuleType

from writing import write_or_check

import actinf
from actinf.runtime.settings import Settings
from actinf.service.app import create_app

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

INTRODUCTION = """\
# Python reference

Every public name of `actinf`, as in `import actinf as ai`. The docstrings say more: each argument with its meaning,
shape and unit, what is returned and what is raised; `help(ai.Agent)` shows them. This page is written by `make format`
from `actinf.__all__`.
"""


def render() -> str:
    """The whole page."""
    sections = [INTRODUCTION, *describe_module("ai", actinf, level=2)]
    return "\n".join(sections)


def openapi() -> str:
    """The OpenAPI document, as `/openapi.json` has it."""
    app = create_app(Settings(insecure_local=True), database_url="postgresql://", audit_key=bytes(32))
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def describe_module(prefix: str, module: ModuleType, *, level: int) -> list[str]:
    """The sections of a module's public names, modules among them last."""
    members = [(name, getattr(module, name)) for name in sorted(module.__all__, key=str.lower)]
    parts = [
        describe(f"{prefix}.{name}", member, level=level)
        for name, member in members
        if not inspect.ismodule(member) and not name.startswith("_")
    ]
    for name, member in members:
        if inspect.ismodule(member):
            parts.append(f"{'#' * level} `{prefix}.{name}`\n\n{first_paragraph(member)}\n")
            parts.extend(describe_module(f"{prefix}.{name}", member, level=level + 1))
    return parts


def describe(path: str, member: object, *, level: int) -> str:
    """The section of one name: how it is called, what it is for, and its public methods."""
    lines = [f"{'#' * level} `{path}{call(member)}`", "", first_paragraph(member), ""]
    if inspect.isclass(member):
        methods = list(public_methods(member))
        lines += [f"- `.{name}{call(method)}`: {first_paragraph(method)}" for name, method in methods]
        lines += [""] * bool(methods)
    return "\n".join(lines)


def public_methods(kind: type) -> list[tuple[str, object]]:
    """Methods and properties that the class itself, or a base of this package, defines."""
    found: dict[str, object] = {}
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] != "actinf":
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in found:
                continue
            if isinstance(member, (staticmethod, classmethod)):
                found[name] = getattr(kind, name)
            elif inspect.isfunction(member) or isinstance(member, property):
                found[name] = member
    return sorted(found.items())


def call(member: object) -> str:
    """The signature with defaults and without types, or nothing where there is none to show."""
    if isinstance(member, property) or not callable(member):
        return ""
    if inspect.isclass(member) and issubclass(member, BaseException):
        return ""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(member).parameters.values()
        if parameter.name != "self"
    ]
    return str(inspect.Signature(parameters))


def first_paragraph(member: object) -> str:
    """The docstring's first paragraph on one line."""
    paragraph = (inspect.getdoc(member) or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


if __name__ == "__main__":
    sys.exit(write_or_check({REFERENCE / "api.md": render(), REFERENCE / "openapi.json": openapi()}))
