"""The API of the catalogue: which parts the system has."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.server.context import Asking, requires

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["incidents"])

Document = dict[str, Any]


class NewCatalogue(BaseModel):
    """A catalogue that is to hold from now on."""

    model_config = ConfigDict(extra="forbid")

    catalogue: dict[str, Any] = Field(
        description="components: a mapping of keys to parts, as in the file.",
        examples=[{"components": {"api": {"name": "Active Inference API", "type": "api_down"}}}],
    )


@router.get("/catalogue", summary="The catalogue of parts")
async def show_catalogue(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """The catalogue that holds; where none was ever set, the one that is shipped."""
    catalogue = await asking.server.do(asking.server.parts.desk.catalogue)
    return {"catalogue": catalogue.document()}


@router.put("/catalogue", summary="Set the catalogue of parts")
async def set_catalogue(body: NewCatalogue, asking: Annotated[Asking, Depends(requires("catalogue"))]) -> Document:
    """Let a catalogue hold from now on, in the place of the one before."""

    def work() -> Catalogue:
        catalogue = Catalogue.from_document(body.catalogue)
        asking.server.parts.desk.set_catalogue(catalogue, by=asking.by)
        return catalogue

    return {"catalogue": (await asking.server.do(work)).document()}
