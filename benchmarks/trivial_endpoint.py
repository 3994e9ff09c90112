"""The ceiling that benchmarks/service.py compares with: the same framework, server, schemas and bodies, and no work.

POST /trivial validates a step's request and returns a reply that was made beforehand, as a model, through the same
schema.  No key, no agent, no database.
"""

import os
from pathlib import Path

from fastapi import FastAPI

from actinf.service.steps.schemas import NewStep, StepReply

app = FastAPI()
REPLY = StepReply.model_validate_json(Path(os.environ["ACTINF_BENCH_REPLY"]).read_bytes())


@app.post("/trivial", status_code=201)
async def trivial(body: NewStep) -> StepReply:  # noqa: ARG001 -- to be validated is all that it is for
    return REPLY
