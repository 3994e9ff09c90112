"""Kubernetes' own schemas: which fields an object may have, and by which key the items of a list are merged."""

import functools
import json
from pathlib import Path

import kubernetes_validate
from support.cluster.errors import BadRequest

VERSION = "1.32"


def check_fields(object_: dict) -> None:
    """Refuse fields that Kubernetes does not know, and values of the wrong type, naming the field.

    Raises:
        BadRequest: with the field's path; kinds without a schema (those that a CRD declares) pass.
    """
    try:
        kubernetes_validate.validate(object_, VERSION, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return
    except kubernetes_validate.ValidationError as error:
        where = ".".join(str(step) for step in error.path)
        raise BadRequest(f"strict decoding error: {where or 'the object'}: {error.message}") from None


@functools.cache
def _definitions() -> dict:
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{VERSION}.0-local"
    return json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]


@functools.cache
def _kinds() -> dict[tuple[str, str, str], str]:
    return {
        (each["group"], each["version"], each["kind"]): name
        for name, schema in _definitions().items()
        for each in schema.get("x-kubernetes-group-version-kind", ())
    }


def schema_of(object_: dict) -> dict:
    """The schema of an object's kind; an empty one where it is not known."""
    group, _, version = object_.get("apiVersion", "").rpartition("/")
    return _definitions().get(_kinds().get((group, version, object_.get("kind", "")), ""), {})


def _resolved(schema: dict) -> dict:
    reference = schema.get("$ref")
    return _definitions().get(reference.rpartition("/")[2], {}) if reference else schema


def field_schema(schema: dict, field: str) -> tuple[dict, str | None]:
    """The schema of a field, and the key by which its items are merged where it is a list of that kind."""
    declared = schema.get("properties", {}).get(field) or schema.get("additionalProperties") or {}
    if not isinstance(declared, dict):
        return {}, None
    key = declared.get("x-kubernetes-patch-merge-key")
    merges = "merge" in declared.get("x-kubernetes-patch-strategy", "")
    return _resolved(declared), key if merges and key else ("" if merges else None)


def item_schema(schema: dict) -> dict:
    return _resolved(schema.get("items") or {})
