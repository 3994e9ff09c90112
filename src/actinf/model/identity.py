"""The identity of a model: the SHA-256 of its canonical JSON.

The canonical JSON is one object, keys in the order below, no blanks, non-ASCII characters escaped:

    {"actinf":1,
     "factors":[[name,[state,...]],...],
     "modalities":[[name,[outcome,...]],...],
     "controls":[[name,factor,[action,...]],...],
     "A":[[[parent,...],TABLE],...], "B":[...],
     "C":[ARRAY,...], "D":[ARRAY,...], "E":ARRAY or null,
     "pA":[TABLE or null,...], "pB":[...], "pD":[ARRAY or null,...], "pE":ARRAY or null}

    TABLE = {"shape":[...],"indptr":BYTES,"indices":BYTES,"values":BYTES}     the stored columns, zeros left out
    ARRAY = {"shape":[...],"values":BYTES}
    BYTES = base64 of little-endian int64 or float64

Tables drop their zeros and arrays hold 0 for -0 wherever a model is built, so that a dense and a sparse statement
of the same numbers, or a rule and what it expands to, have one hash.  The model's own name and its description are
left out.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.model.table import Table

if TYPE_CHECKING:
    from actinf.model.model import Model


def content_hash(model: "Model") -> str:
    """The SHA-256 of the canonical JSON of `model`, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for piece in canonical_json(model):
        digest.update(piece.encode("ascii"))
    return digest.hexdigest()


def canonical_json(model: "Model") -> Iterator[str]:
    """The canonical JSON in pieces, so that a large model is never held as text in full."""
    factors = [[factor.name, list(factor.states)] for factor in model.factors]
    modalities = [[modality.name, list(modality.outcomes)] for modality in model.modalities]
    controls = [[control.name, control.factor, list(control.actions)] for control in model.controls]
    yield f'{{"actinf":1,"factors":{_json(factors)}'
    yield f',"modalities":{_json(modalities)}'
    yield f',"controls":{_json(controls)}'
    for key, tables, dependencies in (
        ("A", model.A, model.A_dependencies),
        ("B", model.B, model.B_dependencies),
    ):
        yield f',"{key}":'
        yield from _list(
            _chain(f"[{_json([model.factors[f].name for f in parents])},", _table(table), "]")
            for table, parents in zip(tables, dependencies, strict=True)
        )
    for key, arrays in (("C", model.C), ("D", model.D)):
        yield f',"{key}":'
        yield from _list(_array(array) for array in arrays)
    yield ',"E":'
    yield from _array(model.E)
    for key, counts in (("pA", model.pA), ("pB", model.pB)):
        yield f',"{key}":'
        yield from _list(_table(table) for table in counts)
    yield ',"pD":'
    yield from _list(_array(array) for array in model.pD)
    yield ',"pE":'
    yield from _array(model.pE)
    yield "}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _table(table: Table | None) -> Iterator[str]:
    if table is None:
        yield "null"
        return
    yield f'{{"shape":{_json(list(table.shape))},"indptr":"'
    yield _bytes(table.indptr, "<i8")
    yield '","indices":"'
    yield _bytes(table.indices, "<i8")
    yield '","values":"'
    yield _bytes(table.values, "<f8")
    yield '"}'


def _array(array: NDArray[np.float64] | None) -> Iterator[str]:
    if array is None:
        yield "null"
        return
    yield f'{{"shape":{_json(list(array.shape))},"values":"{_bytes(array, "<f8")}"}}'


def _bytes(array: NDArray[Any], kind: str) -> str:
    return b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode("ascii")


def _list(entries: Iterable[Iterable[str]]) -> Iterator[str]:
    yield "["
    for at, entry in enumerate(entries):
        if at:
            yield ","
        yield from entry
    yield "]"


def _chain(before: str, middle: Iterable[str], after: str) -> Iterator[str]:
    yield before
    yield from middle
    yield after
