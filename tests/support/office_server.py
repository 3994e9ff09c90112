"""A server for `RemoteOffice`, in this process: it says over HTTP what a `LocalOffice` does."""

import json

import httpx

from actinf.errors import ActinfError, NoSuchIncident, OutOfTurn, SettingError
from actinf.responder.duties import DUTY_CHANGES
from actinf.responder.office.local import LocalOffice
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.verbs import VERBS, OpenIncident

_KINDS = {NoSuchIncident: (404, "no-such-incident"), OutOfTurn: (409, "out-of-turn"), SettingError: (422, "setting")}


def serving(office: LocalOffice) -> httpx.MockTransport:
    """Takes requests as a server would."""

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            return httpx.Response(200, json=_done(office, request))
        except ActinfError as error:
            status, kind = _KINDS[type(error)]
            return httpx.Response(
                status, json={"type": f"/problems/{kind}", "status": status, "detail": str(error), "errors": []}
            )

    return httpx.MockTransport(answer)


def _done(office: LocalOffice, request: httpx.Request) -> object:
    said = json.loads(request.content or b"{}")
    match [request.method, *request.url.path.strip("/").split("/")[1:]]:
        case ["POST", "incidents"]:
            return office.open(OpenIncident.model_validate(said))
        case ["GET", "incidents"]:
            return {"incidents": office.incidents(request.url.params["which"])}
        case ["GET", "incidents", name]:
            return office.incident(name)
        case ["GET", "incidents", name, "export"]:
            return office.export(name)
        case ["POST", "incidents", name, verb]:
            return office.act(name, VERBS[verb].model_validate(said))
        case ["PUT", "schedule"]:
            office.set_schedule(Schedule.from_document(said["schedule"]))
        case ["POST", "schedule", change]:
            office.change_duties(DUTY_CHANGES[change].model_validate(said))
    held = office.schedule()
    return {"schedule": held and held.document()}
