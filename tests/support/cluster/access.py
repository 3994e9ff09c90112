"""Who asks, and what that one may do: service accounts by their token, and Kubernetes' own roles."""

import secrets
from dataclasses import dataclass

from support.cluster.errors import Refusal
from support.cluster.store import Store


@dataclass(frozen=True)
class Asker:
    """Somebody who sends requests; the administrator may do everything."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def may_everything(self) -> bool:
        return "system:masters" in self.groups


ADMINISTRATOR = Asker("stand-in-administrator", ("system:masters",))


@dataclass(frozen=True)
class Action:
    """What is asked for, in the words of a role."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Access:
    """The tokens of service accounts, and the roles that are bound to them."""

    def __init__(self, store: Store):
        self._store = store
        self._askers: dict[str, Asker] = {}
        self._tokens: dict[Asker, str] = {}

    def token_of(self, namespace: str, service_account: str) -> str:
        """The token of a service account; the account itself may come later, with its rights."""
        asker = service_account_asker(namespace, service_account)
        if asker not in self._tokens:
            self._tokens[asker] = secrets.token_urlsafe(24)
            self._askers[self._tokens[asker]] = asker
        return self._tokens[asker]

    def asker_of(self, token: str) -> Asker:
        """Who holds a token.

        Raises:
            Refusal: 401, nobody does.
        """
        if token not in self._askers:
            raise Refusal(401, "Unauthorized", "Unauthorized")
        return self._askers[token]

    def check(self, asker: Asker, action: Action) -> None:
        """Pass what is allowed.

        Raises:
            Refusal: 403, in the words of Kubernetes.
        """
        if not self.allows(asker, action):
            what = f'cannot {action.verb} resource "{action.resource}" in API group "{action.group}"'
            where = f'in the namespace "{action.namespace}"' if action.namespace else "at the cluster scope"
            name = f' "{action.name}"' if action.name else ""
            message = f'{action.resource}{name} is forbidden: User "{asker.name}" {what} {where}'
            raise Refusal(403, "Forbidden", message)

    def allows(self, asker: Asker, action: Action) -> bool:
        return asker.may_everything or any(_covers(rule, action) for rule in self._rules(asker, action.namespace))

    def _rules(self, asker: Asker, namespace: str):
        bindings = [(each, "") for each in self._store.list("clusterrolebindings.rbac.authorization.k8s.io")]
        if namespace:
            of_namespace = self._store.list("rolebindings.rbac.authorization.k8s.io", namespace)
            bindings += [(each, namespace) for each in of_namespace]
        for binding, where in bindings:
            if any(_is_meant(asker, subject, where) for subject in binding.get("subjects") or ()):
                reference = binding["roleRef"]
                of_cluster = reference["kind"] == "ClusterRole"
                kind = "clusterroles" if of_cluster else "roles"
                found = self._store.find(
                    f"{kind}.rbac.authorization.k8s.io", "" if of_cluster else where, reference["name"]
                )
                yield from (found or {}).get("rules") or ()


def service_account_asker(namespace: str, name: str) -> Asker:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return Asker(f"system:serviceaccount:{namespace}:{name}", groups)


def _is_meant(asker: Asker, subject: dict, namespace: str) -> bool:
    if subject["kind"] == "ServiceAccount":
        return asker.name == f"system:serviceaccount:{subject.get('namespace', namespace)}:{subject['name']}"
    if subject["kind"] == "Group":
        return subject["name"] in asker.groups
    return subject["name"] == asker.name


def _covers(rule: dict, action: Action) -> bool:
    def among(names: list[str] | None, name: str) -> bool:
        return name in (names or ()) or "*" in (names or ())

    return (
        among(rule.get("verbs"), action.verb)
        and among(rule.get("apiGroups"), action.group)
        and among(rule.get("resources"), action.resource)
        and (not rule.get("resourceNames") or action.name in rule["resourceNames"])
    )
