"""Models of a service: kept, found, listed and deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from actinf.client import operations
from actinf.client.asynchronous.paging import all_of
from actinf.client.replies import ModelRecord, ModelSummary

if TYPE_CHECKING:
    from actinf.client.asynchronous.connection import AsyncConnection
    from actinf.model import Model

__all__ = ["AsyncModels"]


class AsyncModels:
    """The models of the workspace: `client.models`."""

    def __init__(self, connection: AsyncConnection):
        self._connection = connection

    async def create(self, name: str, model: Model | Mapping[str, Any]) -> ModelRecord:
        """Keep a model under a name.

        Args:
            name: what it is called; another model of the same name becomes its next version.
            model: the model, or its document as in a model file.

        Raises:
            ModelError: lists every mistake of the document.
        """
        return await self._connection.send(operations.create_model(name, model))

    async def get(self, reference: str) -> ModelRecord:
        """A model, whole.

        Args:
            reference: its hash, its name, or `name@version`.

        Raises:
            NotFound: there is none in the workspace, and none of that name comes with the service.
        """
        return await self._connection.send(operations.read_model(reference))

    def list(self, *, page_size: int = 100) -> AsyncIterator[ModelSummary]:
        """The models of the workspace by name, and those that come with the service.

        Args:
            page_size: models in one request, up to 1,000.
        """
        return all_of(self._connection, lambda after: operations.list_models(after, page_size))

    async def delete(self, digest: str) -> None:
        """Remove a model and its names.

        Args:
            digest: its hash.

        Raises:
            NotFound: there is none.
            Conflict: an agent has it.
        """
        await self._connection.send(operations.delete_model(digest))
