"""Model and world files: where they are, what they say, and how a model is written.

A file begins with `actinf: 1`, then `kind: model`, `world` or `experiment`.  A world file holds the tables of a
process, or the name of a bundled world and its settings; worlds are built from it in `actinf.envs`.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actinf.errors import FileError, ModelError
from actinf.model.describing import describe
from actinf.model.document import Document, read_document
from actinf.model.plain import HEADER, KINDS, LABELS, SECTIONS, VERSION, PlainModel
from actinf.model.problems import listed, shown, suggestion
from actinf.model.refusal import MAX_BYTES, MAX_VALUES
from actinf.model.writing import to_json, to_yaml

if TYPE_CHECKING:
    from actinf.model.model import Model

#: The folder of the files that come with actinf.
BUNDLED = Path(__file__).resolve().parent.parent / "envs" / "bundled"

#: The sections of a world file; preferences, habits and counts are an agent's, not a world's.
PROCESS_SECTIONS = ("factors", "modalities", "controls", "A", "B", "D")


@dataclass(frozen=True)
class WorldStatement:
    """What a world file says: a process of its own, or the name and the settings of a bundled world.

    Attributes:
        name, description: as stated, or empty.
        process: the world's tables; None where a bundled world is named.
        bundled: the name of a bundled world; None where the file has tables.
        settings: the settings of the bundled world, plain values.
        document: the file, for the lines of mistakes in the settings.
    """

    name: str
    description: str
    process: "Model | None"
    bundled: str | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    document: Document | None = None


def find_file(path: str | os.PathLike[str]) -> Path:
    """The file at `path`; where there is none, the bundled file of that name (its ending may be left out).

    Raises:
        FileError: when there is neither, with the names of the bundled files.
    """
    if not isinstance(path, str | os.PathLike):
        raise FileError(f"the file is given as {shown(path)}: expected its path, or the name of a bundled file")
    name = os.fspath(path)
    with suppress(OSError, ValueError):
        if Path(name).exists():
            return Path(name)
    if name and os.path.basename(name) == name:  # noqa: PTH119 -- a name of a file, not a path
        for candidate in (name, f"{name}.yaml"):
            if candidate in bundled_files():
                return BUNDLED / candidate
    raise FileError(
        f"{shown(name)[1:-1]}: no such file, and no bundled file of that name: bundled are {listed(bundled_files())}"
        f"{suggestion(name, bundled_files())}"
    )


def bundled_files() -> list[str]:
    """The names of the files that come with actinf."""
    return sorted(path.name for path in BUNDLED.glob("*.yaml"))


def open_file(path: str | os.PathLike[str], *kinds: str) -> tuple[Document, str]:
    """The document at `path` and its kind, which has to be one of `kinds`.

    Raises:
        FileError: when it cannot be read, does not begin with `actinf: 1`, or is of another kind.
    """
    document = read_document(path)
    if not isinstance(document.data, dict) or next(iter(document.data), None) != "actinf":
        raise document.error([((), f"the file has to begin with `actinf: {VERSION}`")])
    return document, kind_of(document, *kinds)


def kind_of(document: Document, *kinds: str) -> str:
    """The kind that a document states, which has to be one of `kinds`.

    Raises:
        FileError: when it is of another version or of another kind, or says of neither.
    """
    problems = header_problems(document.data, *kinds)
    if problems:
        raise document.error(problems)
    return str(document.data["kind"])


def header_problems(data: object, *kinds: str) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with the version and the kind that plain values state, as pairs of path and sentence."""
    if not isinstance(data, dict) or "actinf" not in data:
        return [((), f"there is no `actinf: {VERSION}`, the version of the format")]
    version, kind = data["actinf"], data.get("kind")
    if version != VERSION or isinstance(version, bool):
        return [(("actinf",), f"the file is of version {shown(version)}: this actinf reads version {VERSION}")]
    if not isinstance(kind, str) or kind not in KINDS:
        return [(("kind",), f"the kind is {shown(kind)}: expected one of {listed(KINDS)}{suggestion(kind, KINDS)}")]
    if kind not in kinds:
        return [(("kind",), f"the file is of kind {kind!r}: expected {' or '.join(map(repr, kinds))}")]
    return []


def read_model(path: str | os.PathLike[str], make: "type[Model]") -> "Model":
    """The model in a file.

    Raises:
        FileError: every mistake as `file:line: message`.
    """
    document, _ = open_file(find_file(path), "model")
    return model_of_document(document, make)


def model_of_document(document: Document, make: "type[Model]", keys: tuple[str, ...] = SECTIONS) -> "Model":
    """The model that the sections `keys` of a document state, with FileError for its mistakes."""
    try:
        return model_of_plain(document.data, make, keys)
    except ModelError as error:
        raise document.error(error.problems) from None


def model_of_plain(data: object, make: "type[Model]", keys: tuple[str, ...] = SECTIONS) -> "Model":
    """The model that plain values state.

    Raises:
        ModelError: with every mistake by its path in `data`.
    """
    if not isinstance(data, Mapping):
        raise ModelError(f"a model is stated by {shown(data)}: expected a mapping with {listed(SECTIONS)}")
    plain = PlainModel(data, (*HEADER, *LABELS, *keys))
    try:
        model = make(**plain.arguments)
    except ModelError as error:
        raise ModelError(
            [*plain.problems.found, *((plain.path_in_file(where), what) for where, what in error.problems)]
        ) from None
    plain.problems.raise_if_any()
    return model


def read_world(path: str | os.PathLike[str], make: "type[Model]") -> WorldStatement:
    """What a world file says; a model file is a world too, whose preferences and habits are nobody's.

    Raises:
        FileError: every mistake as `file:line: message`.
    """
    document, kind = open_file(find_file(path), "world", "model")
    data = document.data
    name, description = str(data.get("name") or ""), str(data.get("description") or "")
    if kind == "model":
        return WorldStatement(name, description, model_of_document(document, make), None, {}, document)
    if "bundled" not in data:
        process = model_of_document(document, make, PROCESS_SECTIONS)
        return WorldStatement(name, description, process, None, {}, document)
    known = (*HEADER, *LABELS, "bundled", "settings")
    problems: list[tuple[tuple[str, ...], str]] = [
        (
            (str(key),),
            f"the key {shown(key)} is not known beside `bundled`: expected {listed(known)}{suggestion(key, known)}",
        )
        for key in data
        if key not in known
    ]
    settings = data.get("settings") or {}
    if not isinstance(settings, dict):
        problems.append((("settings",), f"settings are {shown(settings)}: expected a mapping by name"))
    if not isinstance(data["bundled"], str):
        problems.append((("bundled",), f"bundled is {shown(data['bundled'])}: expected the name of a bundled world"))
    if problems:
        raise document.error(problems)
    return WorldStatement(name, description, None, data["bundled"], settings, document)


def write_model(model: "Model", path: str | os.PathLike[str]) -> Path:
    """Write a model so that the same model is read again; the file is there in full or not at all.

    Raises:
        FileError: when the name ends in none of .yaml, .yml and .json, the model is too large for a file, or the
            file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".yaml", ".yml", ".json"):
        raise FileError(f"{target}: a model is written to a file whose name ends in .yaml, .yml or .json")
    data = describe(model)
    content = (to_json(data) if suffix == ".json" else to_yaml(data)).encode("utf-8")
    values = _num_values(data)
    if len(content) > MAX_BYTES or values > MAX_VALUES:
        raise FileError(
            f"{target}: the model would take {len(content):,} bytes and {values:,} values: a file holds at most"
            f" {MAX_BYTES:,} and {MAX_VALUES:,}; make it in Python instead"
        )
    try:
        _write_at_once(target, content)
    except OSError as error:
        raise FileError(f"{target}: {error.strerror or error}") from None
    return target


def _write_at_once(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _num_values(data: object) -> int:
    if isinstance(data, dict):
        return 1 + sum(map(_num_values, data.values()))
    return 1 + sum(map(_num_values, data)) if isinstance(data, list) else 1
