"""Reading the settings of a process from flags and variables, and telling what is wrong with them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any, Self, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from actinf.errors import SettingError
from actinf.runtime.validation import expected, told

__all__ = ["ProcessSettings", "is_address", "unknown_among"]


class ProcessSettings(BaseSettings):
    """Settings of a process: a flag wins over a variable; without either the default applies.

    Subclasses give `env_prefix`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The settings of this process: what is given (None: not given), then the environment, then the defaults.

        Raises:
            SettingError: names each setting that is wrong, with what was expected.
        """
        told_so = {name: value for name, value in given.items() if value is not None}
        try:
            return cls(**told_so)
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            prefix = cls.model_config["env_prefix"]
            raise SettingError("\n".join(_told(cls.model_fields, one, told_so, prefix) for one in wrong)) from None


def unknown_among(
    environment: Iterable[str], *, prefix: str, settings: Iterable[str], others: Iterable[str] = ()
) -> list[str]:
    """A sentence for each variable with the prefix that nothing reads, with the nearest that something does.

    Args:
        environment: the names of all variables; whether their letters are large does not matter.
        prefix: of the variables that are looked at.
        settings: the names, in large letters and without the prefix, that this process reads.
        others: what other parts of the project read.
    """
    named, known = list(settings), list(others)
    sentences = []
    for variable in sorted(environment):
        name = variable.upper().removeprefix(prefix)
        if not variable.upper().startswith(prefix) or name in named or name in known:
            continue
        near = get_close_matches(name, [*named, *known], 1, 0.8) or get_close_matches(name, named, 1)
        hint = f"did you mean {prefix}{near[0]}?" if near else "docs/reference/settings.md lists those that there are"
        sentences.append(f"{variable} is set, but there is no such setting, so it changes nothing: {hint}")
    return sentences


def is_address(value: str, schemes: Iterable[str]) -> bool:
    """Whether it is an address of one of the schemes, with a port that is one where it has any."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and (parts.port is None or parts.port > 0) and len(parts.netloc + parts.path) > 0
    except ValueError:
        return False


def _told(fields: Mapping[str, FieldInfo], mistake: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> str:
    """A mistake in the words of who made it: the flag or the variable, its value, and what was expected."""
    if not mistake["loc"]:  # of several together
        return told(mistake)
    name = str(mistake["loc"][0])
    if name not in fields:
        return f"there is no setting {name!r}"
    field = fields[name]
    if mistake["type"] == "missing":
        return f"{prefix}{name.upper()} is not set, nor --{name.replace('_', '-')} given: {field.description}"
    called = f"--{name.replace('_', '-')}" if name in given else f"{prefix}{name.upper()}"
    value = "set to a secret that is not shown here" if _is_of(field, SecretStr) else _shown(mistake["input"])
    default = "" if field.default in (None, ()) else f" (by default {str(field.default).lower()})"
    said = told(mistake) if mistake["type"] == "value_error" else f"expected {_wanted(field, mistake)}"
    return f"{called} is {value}: {said}{default}"


def _wanted(field: FieldInfo, mistake: Mapping[str, Any]) -> str:
    """What a setting may be; of a number all of it, not only the bound that was passed."""
    kind = "a whole number" if _is_of(field, int) else "a number" if _is_of(field, float) else None
    if kind is None or _is_of(field, bool):
        return expected(mistake) or "another value"
    bounds = {name: bound for limit in field.metadata for name, bound in asdict(limit).items()}
    if "ge" in bounds and "le" in bounds:
        return f"{kind} from {bounds['ge']} to {bounds['le']}"
    if "gt" in bounds:
        return f"{kind} above {bounds['gt']}"
    return f"{kind} of at least {bounds['ge']}"


def _is_of(field: FieldInfo, kind: type) -> bool:
    return field.annotation is kind or kind in get_args(field.annotation)


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
