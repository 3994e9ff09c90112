"""`/v1/inference`: what is to be believed of hidden states, given a model and a sequence of observations."""

from fastapi import APIRouter, Request, Response

from actinf.service.context import Reader, parts_of
from actinf.service.inference import service
from actinf.service.inference.schemas import Inference, InferenceReply
from actinf.service.json_route import JsonRoute

__all__ = ["router"]


router = APIRouter(prefix="/v1/inference", tags=["inference"], route_class=JsonRoute)


@router.post("", response_model=InferenceReply)
async def infer(body: Inference, request: Request, principal: Reader) -> Response:
    """Infer hidden states from a sequence of observations, without an agent.

    Answers q(s_t | o_1, …, o_t) by factor and F for each step; with exact inference the sum of F is −ln p(o_1, …, o_T).
    Nothing is kept, so that a key that may read may ask.  An observation that the model excludes is named by its index.
    """
    reply = await service.infer(parts_of(request), principal, body)
    return Response(reply.model_dump_json(), media_type="application/json")
