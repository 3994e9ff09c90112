"""Write docs/reference/settings.md from the settings of a serving process.

python tools/write_settings.py            write the page
python tools/write_settings.py --check    exit with 1 when the page is not what would be written
"""

import sys
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from writing import write_or_check

from actinf.responder.settings import PREFIX, RespondSettings
from actinf.responder.subscribing.settings import STATUS_PREFIX, StatusSettings
from actinf.responder.watch.settings import WATCH_PREFIX, WatchSettings
from actinf.runtime.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"

INTRODUCTION = """\
# Settings of the service

What `actinf serve` and the commands beside it are told by the environment. A flag wins over its variable
(`actinf serve --help` lists the flags); without either the default applies. A variable that is empty counts as not set.
What is secret is never logged. This page is written by `make format` from the classes
of the settings.

| Variable | Default | Meaning |
|---|---|---|
"""


OF_THE_RESPONDER = """
## Settings of the responder

What `actinf respond`, `actinf incident` and their kin are told in the same way. None is needed.

| Variable | Default | Meaning |
|---|---|---|
"""

OF_THE_PAGE = """
## Settings of the status page's server

What `actinf status serve` is told, also where a responder starts it. None is needed.

| Variable | Default | Meaning |
|---|---|---|
"""

OF_THE_WATCHER = """
## Settings of the watcher

What `actinf respond watch` is told, on another machine.

| Variable | Default | Meaning |
|---|---|---|
"""


def row(prefix: str, name: str, field: FieldInfo) -> str:
    """The line of one setting."""
    secret = " Secret." if "SecretStr" in str(field.annotation) else ""
    described = " ".join((field.description or "").split()).replace("None:", "not set:").replace("None ", "not set: ")
    return f"| `{prefix}{name.upper()}` | {shown(field.default)} | {described}{secret} |\n"


def shown(default: object) -> str:
    """A default as one writes it."""
    if default is None or default == () or default is PydanticUndefined:
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, SecretStr):
        raise ValueError("a secret has no default")
    return f"`{default}`"


def render() -> str:
    """The whole page."""
    service = "".join(row("ACTINF_", name, field) for name, field in Settings.model_fields.items())
    responder = "".join(row(PREFIX, name, field) for name, field in RespondSettings.model_fields.items())
    page = "".join(row(STATUS_PREFIX, name, field) for name, field in StatusSettings.model_fields.items())
    watcher = "".join(row(WATCH_PREFIX, name, field) for name, field in WatchSettings.model_fields.items())
    return INTRODUCTION + service + OF_THE_RESPONDER + responder + OF_THE_PAGE + page + OF_THE_WATCHER + watcher


if __name__ == "__main__":
    sys.exit(write_or_check({PAGE: render()}))
