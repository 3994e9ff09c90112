"""What a request is about: its kind, its namespace, its name, and what is wanted of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from support.cluster.access import Action
from support.cluster.errors import Refusal
from support.cluster.kinds import Kind, Kinds
from support.cluster.selectors import Matches, parse_field_selector, parse_label_selector

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The object or objects that a path names."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def action(self, method: str, watching: bool) -> Action:
        """What a role has to allow."""
        verb = VERBS.get(method, "")
        if method == "GET":
            verb = "get" if self.name else "watch" if watching else "list"
        elif method == "DELETE":
            verb = "delete" if self.name else "deletecollection"
        resource = f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural
        return Action(verb, self.kind.group, resource, self.namespace, self.name)


def target_of(path: str, kinds: Kinds) -> Target:
    """`/apis/apps/v1/namespaces/default/deployments/api/scale` and its like.

    Raises:
        Refusal: 404, the path names nothing that is served.
    """
    steps = path.strip("/").split("/")
    if steps[0] not in {"api", "apis"} or len(steps) < {"api": 3, "apis": 4}[steps[0]]:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    if steps[0] == "api":
        group, version, rest = "", steps[1], steps[2:]
    else:
        group, version, rest = steps[1], steps[2], steps[3:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and kinds.find(group, version, rest[2]) is not None:
        namespace, rest = rest[1], rest[2:]
    kind = kinds.find(group, version, rest[0])
    if kind is None or len(rest) > 3:
        raise Refusal(404, "NotFound", "the server could not find the requested resource")
    name, subresource = [*rest[1:], "", ""][:2]
    return Target(kind=kind, namespace=namespace, name=name, subresource=subresource)


def filter_of(query: Mapping[str, str]) -> Matches:
    """The label and field selectors of a query."""
    by_label = parse_label_selector(query.get("labelSelector", ""))
    by_field = parse_field_selector(query.get("fieldSelector", ""))
    return lambda object_: by_label(object_) and by_field(object_)
