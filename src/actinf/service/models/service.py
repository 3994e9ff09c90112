"""What is done with models."""

import asyncio
import json
import re
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import Conflict, NotFound
from actinf.model import Model
from actinf.model.problems import suggestion
from actinf.service.context import Asking
from actinf.service.models import repository
from actinf.service.models.library import ModelLibrary, bundled_names, written
from actinf.service.models.schemas import ModelPage, ModelShown, ModelSummary, ModelVersion

__all__ = ["delete", "find", "keep", "listed", "shown"]

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})(?:@([1-9][0-9]{0,8}))?", re.ASCII)


async def keep(asking: Asking, name: str | None, given: Model | dict[str, Any]) -> Model:
    """Keep a model in the workspace, and give it a name; None: none.

    Raises:
        ModelError: lists every mistake of the document.
    """
    library, workspace = asking.parts.library, asking.principal.workspace
    model = library.keep(workspace, given) if isinstance(given, Model) else await library.stated(workspace, given)
    document = await asyncio.to_thread(written, model)
    new = await repository.insert_model(asking.connection, asking.principal.workspace, model.hash, document)
    version = None
    if name is not None:
        said = " ".join(model.description.split())[:200]
        row = await repository.name_model(asking.connection, asking.principal.workspace, name, model.hash, said)
        version = row.version
    if new or version is not None:
        asking.record("models.create", f"model:{model.hash}", name=name, version=version)
    return model


async def find(
    library: ModelLibrary, connection: AsyncConnection, workspace: UUID, reference: str
) -> tuple[Model, bytes | None]:
    """The model that a reference means: a hash, `name`, `name@version`, or the name of one that comes with the service.

    Returns:
        The model, and its document in the workspace; None where it comes with the service and is not among them yet.

    Raises:
        NotFound: when there is none, with the nearest name.
    """
    if _HASH.fullmatch(reference):
        digest: str | None = reference
    else:
        match = _NAMED.fullmatch(reference)
        if match is None:
            raise NotFound(
                f"the model {reference[:120]!r} is no reference: expected a hash of 64 hexadecimal digits, a name, or "
                "name@version"
            )
        version = None if match[2] is None else int(match[2])
        digest = await repository.hash_of_name(connection, workspace, match[1], version)
        if digest is None and version is None:
            bundled = library.bundled(match[1])
            if bundled is not None:
                return bundled, None
    if digest is not None:
        document = await repository.document_of(connection, workspace, digest)
        if document is not None:
            return await library.read(workspace, digest, document), document
    known_names = [row.name for row in await repository.newest_names(connection, workspace, None, 1000)]
    near = suggestion(reference, [*known_names, *bundled_names()])
    raise NotFound(f"there is no model {reference!r} in this workspace{near}: /v1/models lists what there is")


async def shown(asking: Asking, reference: str) -> ModelShown:
    """A model, whole."""
    workspace = asking.principal.workspace
    model, document = await find(asking.parts.library, asking.connection, workspace, reference)
    names = await repository.names_of(asking.connection, workspace, model.hash) if document is not None else []
    return ModelShown(
        hash=model.hash,
        names=[ModelVersion(name=row.name, version=row.version, created_at=row.created_at) for row in names],
        **parts_of_model(model),
        document=json.loads(document if document is not None else written(model)),
    )


def parts_of_model(model: Model) -> dict[str, dict[str, list[str]]]:
    """The names inside a model: of factors and states, modalities and outcomes, controls and actions."""
    return {
        "factors": {factor.name: list(factor.states) for factor in model.factors},
        "modalities": {modality.name: list(modality.outcomes) for modality in model.modalities},
        "controls": {control.name: list(control.actions) for control in model.controls},
    }


async def listed(asking: Asking, after: str | None, limit: int) -> ModelPage:
    """A page of models."""
    rows = await repository.newest_names(asking.connection, asking.principal.workspace, after, limit + 1)
    items = [
        ModelSummary(
            hash=row.hash, name=row.name, version=row.version, description=row.description, created_at=row.created_at
        )
        for row in rows[:limit]
    ]
    if len(rows) > limit:
        return ModelPage(items=items, next=items[-1].name)
    taken = {item.name for item in items}
    for name in bundled_names():
        model = asking.parts.library.bundled(name)
        if model is not None and name not in taken:
            said = " ".join(model.description.split())[:200]
            items.append(ModelSummary(hash=model.hash, name=name, version=1, description=said, created_at=None))
    return ModelPage(items=items, next=None)


async def delete(asking: Asking, digest: str) -> None:
    """Remove a model that no agent has.

    Raises:
        NotFound: there is none.
        Conflict: agents have it.
    """
    users = await repository.used_by(asking.connection, asking.principal.workspace, digest)
    if users:
        raise Conflict(f"{users:,} agents have the model {digest[:16]}…: delete them first")
    if not await repository.delete_model(asking.connection, asking.principal.workspace, digest):
        raise NotFound(f"there is no model with the hash {digest[:80]!r} in this workspace")
    asking.record("models.delete", f"model:{digest}")
