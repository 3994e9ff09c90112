"""The volumes and the environment of a container, made out of its pod's manifest as a kubelet does."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from support.cluster.access import Access
from support.cluster.network import API_PORT
from support.cluster.sandbox import Mount
from support.cluster.selectors import quantity
from support.cluster.store import Store, name_of, namespace_of

# Pods share one machine: "all addresses" means the pod's own.  `0.0.0.0/0` is a network, and stays.
ANY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d./])")
# The authority of the API's certificate, which a cluster publishes in each namespace.
PUBLISHED = ("configmaps", "kube-root-ca.crt")
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
NODE = "stand-in"
# Where containers see the programs that their image would hold.
PROGRAMS = "/opt/stand-in"


class NotYet(Exception):
    """The container cannot be made: something that its manifest names is missing.

    Args:
        reason: the reason of the waiting state, `CreateContainerConfigError`
    """

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What all pods of a cluster get: the same programs, the same API."""

    folder: Path
    programs: tuple[Path, ...]
    path: str
    environment: dict[str, str]
    api_address: str
    certificate: Path | None


class Volumes:
    """Makes the folders of pods below the cluster's own."""

    def __init__(self, store: Store, access: Access, surroundings: Surroundings):
        self._store = store
        self._access = access
        self._surroundings = surroundings

    # --------------------------------------------------------------------------------------------------- volumes

    def claim_folder(self, namespace: str, claim: str) -> Path:
        """Where a PersistentVolumeClaim keeps its files; it stays when pods go."""
        return self._surroundings.folder / "volumes" / namespace / claim

    def prepare(self, pod: dict, folder: Path) -> dict[str, Path]:
        """Make the volumes of a pod, or renew those that show objects; where each lies.

        Raises:
            NotYet: a ConfigMap, a Secret or a claim is missing.
        """
        places = {}
        for volume in pod["spec"].get("volumes") or ():
            place = folder / "volumes" / volume["name"]
            if "hostPath" in volume:
                place = Path(volume["hostPath"]["path"])
            elif "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                if self._store.find("persistentvolumeclaims", namespace_of(pod), claim) is None:
                    raise NotYet("ContainerCreating", f'persistentvolumeclaim "{claim}" not found')
                place = self.claim_folder(namespace_of(pod), claim)
            place.mkdir(parents=True, exist_ok=True)
            for source in volume.get("projected", {}).get("sources") or [volume]:
                self._fill(pod, source, place)
            places[volume["name"]] = place
        self._fill_token(pod, folder / "token")
        return places

    def _fill(self, pod: dict, source: dict, place: Path) -> None:
        if "configMap" in source:
            named = source["configMap"]
            files = self._data("configmaps", pod, named["name"], optional=named.get("optional", False))
            address = pod["status"]["podIP"]
            files = {name: ANY_ADDRESS.sub(address, data.decode()).encode() for name, data in files.items()}
        elif "secret" in source:
            named = source["secret"]
            name = named.get("secretName") or named["name"]
            files = self._data("secrets", pod, name, optional=named.get("optional", False))
        elif "downwardAPI" in source:
            items = source["downwardAPI"]["items"]
            _write_files(place, {each["path"]: str(field_of(pod, each["fieldRef"])).encode() for each in items}, 0o644)
            return
        elif "serviceAccountToken" in source:
            token = self._token(pod)
            _write_files(place, {source["serviceAccountToken"]["path"]: token.encode()}, 0o600)
            return
        else:
            return
        if named.get("items"):
            files = {each["path"]: files[each["key"]] for each in named["items"] if each["key"] in files}
        _write_files(place, files, named.get("defaultMode", 0o644))

    def _data(self, kind: str, pod: dict, name: str, *, optional: bool = False) -> dict[str, bytes]:
        if (kind, name) == PUBLISHED and self._surroundings.certificate is not None:
            return {"ca.crt": self._surroundings.certificate.read_bytes()}
        found = self._store.find(kind, namespace_of(pod), name)
        if found is None:
            if optional:
                return {}
            raise NotYet("CreateContainerConfigError", f'{kind.removesuffix("s")} "{name}" not found')
        encoded = found.get("binaryData") or {}
        if kind == "secrets":
            return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
        data = {key: value.encode() for key, value in (found.get("data") or {}).items()}
        return data | {key: base64.b64decode(value) for key, value in encoded.items()}

    def _token(self, pod: dict) -> str:
        return self._access.token_of(namespace_of(pod), pod["spec"]["serviceAccountName"])

    def _fill_token(self, pod: dict, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        files = {"token": self._token(pod).encode(), "namespace": namespace_of(pod).encode()}
        if self._surroundings.certificate is not None:
            files["ca.crt"] = self._surroundings.certificate.read_bytes()
        _write_files(place, files, 0o600)

    def mounts(self, pod: dict, container: dict, folder: Path, places: dict[str, Path]) -> list[Mount]:
        """What a container sees of its pod's volumes."""
        mounts = [
            Mount(source=folder / "hosts", target="/etc/hosts"),
            Mount(source=folder / "resolv.conf", target="/etc/resolv.conf"),
        ]
        # Where they lie on the machine a volume of the pod may be mounted: its /tmp.
        mounts += [
            Mount(source=source, target=f"{PROGRAMS}/{number}", read_only=True)
            for number, source in enumerate(self._surroundings.programs)
        ]
        if self._has_token(pod):
            mounts.append(Mount(source=folder / "token", target=TOKEN_PATH, read_only=True))
        wanted = sorted(container.get("volumeMounts") or (), key=lambda each: each["mountPath"].count("/"))
        shows_objects = {
            volume["name"]
            for volume in pod["spec"].get("volumes") or ()
            if volume.keys() & {"configMap", "secret", "projected", "downwardAPI"}
        }
        for each in wanted:
            source = places[each["name"]] / each.get("subPath", "")
            if not source.exists():
                source.mkdir(parents=True)
            read_only = each.get("readOnly", False) or each["name"] in shows_objects
            mounts.append(Mount(source=source, target=each["mountPath"].rstrip("/"), read_only=read_only))
        return mounts

    def _has_token(self, pod: dict) -> bool:
        if "automountServiceAccountToken" in pod["spec"]:
            return pod["spec"]["automountServiceAccountToken"]
        account = self._store.find("serviceaccounts", namespace_of(pod), pod["spec"]["serviceAccountName"])
        return (account or {}).get("automountServiceAccountToken", True)

    # ----------------------------------------------------------------------------------------------- environment

    def environment(self, pod: dict, container: dict) -> dict[str, str]:
        """The variables of a container.

        Raises:
            NotYet: a ConfigMap or a Secret, or a key in it, is missing.
        """
        variables = {"PATH": self._surroundings.path, "HOSTNAME": name_of(pod), "HOME": "/root", "LANG": "C.UTF-8"}
        variables |= self._surroundings.environment | self._service_links(pod)
        for source in container.get("envFrom") or ():
            prefix = source.get("prefix", "")
            for kind, field in (("configmaps", "configMapRef"), ("secrets", "secretRef")):
                if field in source:
                    optional = source[field].get("optional", False)
                    data = self._data(kind, pod, source[field]["name"], optional=optional)
                    variables |= {prefix + name: value.decode() for name, value in data.items()}
        for each in container.get("env") or ():
            value = self._value(pod, container, each)
            if value is not None:
                variables[each["name"]] = expand(value, variables)
        return {name: own_address(value, pod) for name, value in variables.items()}

    def _value(self, pod: dict, container: dict, variable: dict) -> str | None:
        source = variable.get("valueFrom")
        if source is None:
            return variable.get("value", "")
        for kind, field in (("configmaps", "configMapKeyRef"), ("secrets", "secretKeyRef")):
            if field in source:
                reference = source[field]
                optional = reference.get("optional", False)
                data = self._data(kind, pod, reference["name"], optional=optional)
                if reference["key"] in data:
                    return data[reference["key"]].decode()
                if optional:
                    return None
                what = f"couldn't find key {reference['key']} in {kind.removesuffix('s')} {reference['name']}"
                raise NotYet("CreateContainerConfigError", what)
        if "fieldRef" in source:
            return str(field_of(pod, source["fieldRef"]))
        resource = source["resourceFieldRef"]
        part, name = resource["resource"].split(".")
        amount = quantity(container["resources"].get(part, {}).get(name, 0)) / quantity(resource.get("divisor", 1))
        return str(int(-(-amount // 1)))

    def _service_links(self, pod: dict) -> dict[str, str]:
        """The variables that Kubernetes makes of the services: `CACHE_PORT=tcp://…` has surprised many."""
        variables = {"KUBERNETES_SERVICE_HOST": self._surroundings.api_address}
        variables["KUBERNETES_SERVICE_PORT"] = str(API_PORT)
        if not pod["spec"].get("enableServiceLinks", True):
            return variables
        for service in self._store.list("services", namespace_of(pod)):
            address = service["spec"].get("clusterIP")
            if address in {None, "", "None"} or not service["spec"].get("ports"):
                continue
            name = name_of(service).upper().replace("-", "_")
            first = service["spec"]["ports"][0]["port"]
            variables |= {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(first)}
            variables[f"{name}_PORT"] = f"tcp://{address}:{first}"
        return variables


def own_address(text: str, pod: dict) -> str:
    return ANY_ADDRESS.sub(pod["status"]["podIP"], text)


def expand(text: str, variables: dict[str, str]) -> str:
    """`$(NAME)` by its value; `$$(NAME)` and unknown names stay as they are."""
    return re.sub(
        r"\$?\$\((\w+)\)",
        lambda match: match[0][1:] if match[0].startswith("$$") else variables.get(match[1], match[0]),
        text,
    )


def field_of(pod: dict, reference: dict) -> object:
    path = reference["fieldPath"]
    quoted = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if quoted is not None:
        return (pod["metadata"].get(quoted[1]) or {}).get(quoted[2], "")
    value: object = pod
    for step in path.split("."):
        value = value.get(step, "") if isinstance(value, dict) else ""
    if isinstance(value, dict):
        return "\n".join(f'{name}="{text}"' for name, text in value.items())
    return value


def _write_files(place: Path, files: dict[str, bytes], mode: int) -> None:
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            whole = path.with_name(f"..{path.name}")  # as a cluster does: whoever reads meanwhile reads all of it
            whole.write_bytes(data)
            whole.chmod(mode)
            whole.replace(path)
