"""The API of Kubernetes over HTTP, as much of it as kubectl asks for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from support.cluster import protobuf
from support.cluster.access import ADMINISTRATOR, Access, Action, Asker
from support.cluster.admission import Admission
from support.cluster.errors import BadRequest, NotFound, Refusal
from support.cluster.kinds import VERSION, Kind
from support.cluster.metrics import Metrics
from support.cluster.patches import apply_patch
from support.cluster.requests import Target, filter_of, target_of
from support.cluster.selectors import selects
from support.cluster.store import Change, Store
from support.cluster.streams import Streams
from support.cluster.tables import table

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
END_OF_INITIAL_EVENTS = {"k8s.io/initial-events-end": "true"}


class Api:
    """The endpoints.  Over plain HTTP everybody is the administrator; over TLS a token says who asks."""

    def __init__(self, store: Store, access: Access, admission: Admission, streams: Streams, metrics: Metrics):
        self._store = store
        self._access = access
        self._admission = admission
        self._streams = streams
        self._metrics = metrics

    def application(self) -> Starlette:
        routes = [
            Route("/version", lambda _: JSONResponse(VERSION)),
            *[Route(path, lambda _: PlainTextResponse("ok")) for path in ("/healthz", "/livez", "/readyz")],
            Route("/metrics/kube-state-metrics", lambda _: PlainTextResponse(self._metrics.of_objects())),
            Route("/metrics/cadvisor", lambda _: PlainTextResponse(self._metrics.of_containers())),
            Route("/stand-in/tokens/{namespace}/{name}", self._token),
            Route("/openapi/v3", lambda _: JSONResponse(self._store.kinds.openapi_index())),
            Route("/openapi/v3/{path:path}", self._openapi),
            Route("/api", self._groups),
            Route("/apis", self._groups),
            Route("/api/v1", self._resources),
            Route("/apis/{group}/{version}", self._resources),
            WebSocketRoute("/api/v1/namespaces/{namespace}/pods/{name}/exec", self._exec),
            Route("/{path:path}", self._answer, methods=METHODS),
        ]
        return Starlette(routes=routes)

    # ------------------------------------------------------------------------------------------------ discovery

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(self._store.kinds.openapi_document(request.path_params["path"]))

    async def _groups(self, request: Request) -> Response:
        kinds = self._store.kinds
        core = request.url.path == "/api"
        if core:
            address = [{"clientCIDR": "0.0.0.0/0", "serverAddress": request.url.netloc}]
            document = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}
        else:
            document = kinds.group_list()
        return JSONResponse(document)

    async def _resources(self, request: Request) -> Response:
        group = request.path_params.get("group", "")
        document = self._store.kinds.resource_list(group, request.path_params.get("version", "v1"))
        if document is None:
            return JSONResponse(Refusal(404, "NotFound", f"there is no group {group}").status, 404)
        return JSONResponse(document)

    # -------------------------------------------------------------------------------------------------- requests

    def _asker(self, connection: Request | WebSocket) -> Asker:
        if connection.url.scheme in {"http", "ws"}:
            return ADMINISTRATOR
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        return self._access.asker_of(token if scheme == "Bearer" else "")

    async def _token(self, request: Request) -> Response:
        """The token of a service account, for the administrator."""
        if not self._asker(request).may_everything:
            return JSONResponse(Refusal(403, "Forbidden", "tokens are the administrator's").status, 403)
        return PlainTextResponse(self._access.token_of(request.path_params["namespace"], request.path_params["name"]))

    async def _answer(self, request: Request) -> Response:
        try:
            target = target_of(request.url.path, self._store.kinds)
            asker = self._asker(request)
            watching = request.query_params.get("watch") in {"true", "1"}
            if target.kind.plural != "selfsubjectaccessreviews":  # everybody may ask what he may
                self._access.check(asker, target.action(request.method, watching))
            body = await request.body()
            given = _parsed(body, request) if body else {}
            if target.kind.plural == "selfsubjectaccessreviews":
                return JSONResponse(self._review(asker, given), 201)
            if target.kind.group == "metrics.k8s.io":
                return self._measured(request, target)
            if target.subresource not in {"", *target.kind.subresources}:
                raise Refusal(404, "NotFound", f"the stand-in does not serve {target.kind.plural}/{target.subresource}")
            if target.subresource == "log":
                return self._streams.logs(self._found(target), request.query_params)
            if target.subresource == "exec":
                # kubectl comes by here, in its older way, when a socket was refused: the reason is the same.
                self._streams.running(self._found(target), request.query_params.get("container"))
                raise BadRequest("the stand-in runs commands over WebSockets alone")
            if request.method == "GET" and watching:
                return StreamingResponse(self._watch(request, target), media_type="application/json")
            handlers: dict[str, Callable[[Request, Target, dict], Response]] = {
                "GET": self._read,
                "POST": self._create,
                "PUT": self._update,
                "PATCH": self._update,
                "DELETE": self._delete,
            }
            return handlers[request.method](request, target, given)
        except Refusal as refusal:
            return JSONResponse(refusal.status, refusal.code)

    def _found(self, target: Target) -> dict:
        return self._store.get(target.kind.name, target.namespace, target.name)

    def _review(self, asker: Asker, review: dict) -> dict:
        """What `kubectl auth can-i` asks."""
        asked = review["spec"].get("resourceAttributes") or {}
        resource = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        place = (asked.get("namespace", ""), asked.get("name", ""))
        action = Action(asked.get("verb", ""), asked.get("group", ""), resource, *place)
        return review | {"status": {"allowed": self._access.allows(asker, action)}}

    def _measured(self, request: Request, target: Target) -> Response:
        if target.kind.plural == "nodes":
            items = [self._metrics.of_node()]
        else:
            matches = filter_of(request.query_params)
            pods = [pod for pod in self._store.list("pods", target.namespace) if matches(pod)]
            items = [measured for pod in pods if (measured := self._metrics.of_pod(pod)) is not None]
        if target.name:
            found = next((each for each in items if each["metadata"]["name"] == target.name), None)
            if found is None:
                raise NotFound("pods.metrics.k8s.io", target.name)
            return JSONResponse(found)
        return JSONResponse(_list_of(target.kind, items, str(self._store.version)))

    # --------------------------------------------------------------------------------------------------- reading

    def _read(self, request: Request, target: Target, given: dict) -> Response:
        as_table = "as=Table" in request.headers.get("accept", "")
        version = str(self._store.version)
        if target.name:
            found = self._found(target)
            if target.subresource == "scale":
                return JSONResponse(_scale_of(found))
            objects = [found]
        else:
            matches = filter_of(request.query_params)
            objects = [each for each in self._store.list(target.kind.name, target.namespace) if matches(each)]
        if as_table:
            return JSONResponse(_as_table(target.kind, objects, version, request))
        return JSONResponse(objects[0] if target.name else _list_of(target.kind, objects, version))

    async def _watch(self, request: Request, target: Target) -> AsyncIterator[bytes]:
        query = request.query_params
        matches = filter_of(query)
        as_table = "as=Table" in request.headers.get("accept", "")
        since = query.get("resourceVersion", "")
        from_the_start = query.get("sendInitialEvents") == "true" or since in {"", "0"}
        queue = self._store.listen(None if from_the_start else int(since))
        seen = set()

        def line(what: str, object_: dict) -> bytes:
            version = object_["metadata"]["resourceVersion"]
            shown = _as_table(target.kind, [object_], version, request) if as_table else object_
            return json.dumps({"type": what, "object": shown}).encode() + b"\n"

        def concerns(object_: dict) -> bool:
            here = not target.namespace or object_["metadata"].get("namespace") == target.namespace
            return here and (not target.name or object_["metadata"]["name"] == target.name)

        try:
            objects = [each for each in self._store.list(target.kind.name, target.namespace) if concerns(each)]
            for each in filter(matches, objects):
                seen.add(each["metadata"]["uid"])
                if from_the_start:
                    yield line("ADDED", each)
            if query.get("sendInitialEvents") == "true":
                yield self._bookmark(target.kind, END_OF_INITIAL_EVENTS)
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), float(query.get("timeoutSeconds", 3600)))
                except TimeoutError:
                    return
                if change.kind == target.kind.name and concerns(change.object):
                    what = _as_seen(change, matches(change.object), seen)
                    if what is not None:
                        yield line(what, change.object)
        finally:
            self._store.hush(queue)

    def _bookmark(self, kind: Kind, annotations: dict) -> bytes:
        metadata = {"resourceVersion": str(self._store.version), "annotations": annotations}
        mark = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return json.dumps({"type": "BOOKMARK", "object": mark}).encode() + b"\n"

    # --------------------------------------------------------------------------------------------------- writing

    def _create(self, request: Request, target: Target, given: dict) -> Response:
        if target.subresource == "eviction":
            return self._evict(target)
        strict = request.query_params.get("fieldValidation") == "Strict"
        new = self._admission.admit_new(target.kind, target.namespace, given, strict=strict)
        if request.query_params.get("dryRun"):
            return JSONResponse(new, 201)
        return JSONResponse(self._store.create(target.kind.name, new), 201)

    def _update(self, request: Request, target: Target, given: dict) -> Response:
        """PUT and PATCH, of an object, its status or its scale."""
        old = self._store.find(target.kind.name, target.namespace, target.name)
        content_type = request.headers.get("content-type", "")
        from_the_server = content_type.startswith("application/apply-patch")
        if old is None and from_the_server:
            return self._create(request, target, given)
        if old is None:
            raise NotFound(target.kind.name, target.name)
        before = _scale_of(old) if target.subresource == "scale" else old
        after = given if request.method == "PUT" else apply_patch(content_type, before, given)
        strict = request.query_params.get("fieldValidation") == "Strict"
        new = self._admission.admit_change(target, old, after, strict=strict)
        if not request.query_params.get("dryRun"):
            new = self._store.replace(target.kind.name, new)
        return JSONResponse(_scale_of(new) if target.subresource == "scale" else new)

    def _delete(self, request: Request, target: Target, given: dict) -> Response:
        matches = filter_of(request.query_params)
        everything = self._store.list(target.kind.name, target.namespace)
        objects = [self._found(target)] if target.name else [each for each in everything if matches(each)]
        grace = given.get("gracePeriodSeconds", request.query_params.get("gracePeriodSeconds"))
        policy = given.get("propagationPolicy", request.query_params.get("propagationPolicy"))
        for each in objects:
            if request.query_params.get("dryRun") or given.get("dryRun"):
                continue
            if policy == "Orphan":
                self._orphan(each)
            self._store.delete(target.kind.name, each, grace=None if grace is None else float(grace))
        if target.kind.name == "pods" and target.name:
            return JSONResponse(self._store.find("pods", target.namespace, target.name) or objects[0])
        details = {"name": target.name, "kind": target.kind.plural, "group": target.kind.group}
        if target.name:
            details["uid"] = objects[0]["metadata"]["uid"]
        return JSONResponse({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details})

    def _orphan(self, owner: dict) -> None:
        uid = owner["metadata"]["uid"]
        for kind, each in list(self._store.everything()):
            owners = each["metadata"].get("ownerReferences", ())
            if any(reference["uid"] == uid for reference in owners):
                left = [reference for reference in owners if reference["uid"] != uid]
                self._store.change(kind, each, lambda new, left=left: new["metadata"].update(ownerReferences=left))

    def _evict(self, target: Target) -> Response:
        pod = self._found(target)
        for budget in self._store.list("poddisruptionbudgets.policy", target.namespace):
            concerned = selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})
            if concerned and budget.get("status", {}).get("disruptionsAllowed", 0) <= 0:
                raise Refusal(
                    429,
                    "TooManyRequests",
                    "Cannot evict pod as it would violate the pod's disruption budget.",
                    name=budget["metadata"]["name"],
                )
        self._store.delete("pods", pod)
        return JSONResponse({"kind": "Status", "apiVersion": "v1", "status": "Success"}, 201)

    # --------------------------------------------------------------------------------------------------- streams

    async def _exec(self, socket: WebSocket) -> None:
        path = socket.path_params
        pods = self._store.kind("pods")
        target = Target(kind=pods, namespace=path["namespace"], name=path["name"], subresource="exec")
        try:
            asker = self._asker(socket)
            action = target.action("POST", watching=False)
            # kubectl opens the socket with GET, and its predecessors with POST: a role may allow either.
            if not self._access.allows(asker, target.action("GET", watching=False)):
                self._access.check(asker, action)
            pod = self._found(target)
        except Refusal as refusal:
            await socket.send_denial_response(JSONResponse(refusal.status, refusal.code))
            return
        await self._streams.execute(pod, socket)


def _parsed(body: bytes, request: Request) -> dict:
    content_type = request.headers.get("content-type", "application/json")
    if "protobuf" in content_type:
        return protobuf.parse(body)
    try:
        return yaml.safe_load(body) if "yaml" in content_type else json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is no JSON: {error}") from None


def _list_of(kind: Kind, items: list[dict], version: str) -> dict:
    metadata = {"resourceVersion": version}
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}


def _as_table(kind: Kind, objects: list[dict], version: str, request: Request) -> dict:
    shown = table(kind, objects, version)
    if request.query_params.get("includeObject") == "Object":
        for row, each in zip(shown["rows"], objects):
            row["object"] = each
    return shown


def _as_seen(change: Change, matches: bool, seen: set[str]) -> str | None:
    """What a watcher with a selector sees: an object that no longer matches is gone for it."""
    uid = change.object["metadata"]["uid"]
    known = uid in seen
    if change.what == "DELETED" or not matches:
        seen.discard(uid)
        # One that was deleted just before the watch began is not known, and its end is what is waited for.
        return "DELETED" if known or (change.what == "DELETED" and matches) else None
    seen.add(uid)
    return "MODIFIED" if known else "ADDED"


def _scale_of(object_: dict) -> dict:
    copied = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    metadata = {name: object_["metadata"][name] for name in copied if name in object_["metadata"]}
    labels = (object_["spec"].get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": object_["spec"].get("replicas", 1)},
        "status": {"replicas": object_.get("status", {}).get("replicas", 0), "selector": selector},
    }
