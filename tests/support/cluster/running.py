"""A cluster for a test: started, driven by kubectl, and ended with all that it started."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.cluster.sandbox import Mount, reason_against, with_mounts

TESTS = Path(__file__).resolve().parents[2]
# The names that an operator types from outside; all are served by the service `nginx`.
OUTSIDE_NAMES = (
    "api.active-inference.com",
    "monitoring.active-inference.com",
    "database.internal",
    "cache.internal",
)
SECONDS_TO_END = 30.0

Done = subprocess.CompletedProcess[str]


@dataclass(kw_only=True)
class Cluster:
    """A cluster that runs.

    Attributes:
        folder: all its files
        kubeconfig: for the administrator
        server: the API's address, plain HTTP on 127.0.0.1
        api_address: where pods find the API
        outside_names: names that `shell` resolves to the service `nginx`
    """

    folder: Path
    kubeconfig: Path
    server: str
    api_address: str
    kubectl_program: Path
    outside_names: tuple[str, ...] = OUTSIDE_NAMES
    namespace: str = "default"
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which kubectl is found, and finds this cluster and no other."""
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.folder / "kubectl-cache"),
            "PATH": f"{os.environ['PATH']}:{self.kubectl_program.parent}",
        }

    # -------------------------------------------------------------------------------------------------- kubectl

    def run_kubectl(self, *arguments: str, stdin: str | None = None, seconds: float = 120, **options: object) -> Done:
        """Run the real kubectl; what it answers is not judged."""
        return subprocess.run(
            [str(self.kubectl_program), *arguments],
            env=_clean_environment() | self.environment,
            input=stdin if stdin is not None else None,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            **options,
        )

    def kubectl(self, *arguments: str, stdin: str | None = None, seconds: float = 120) -> str:
        """Run the real kubectl: what it prints.

        Raises:
            AssertionError: it failed; with what it said.
        """
        done = self.run_kubectl(*arguments, stdin=stdin, seconds=seconds)
        said = f"kubectl {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, said
        return done.stdout

    def apply(self, manifest: str) -> str:
        """`kubectl apply` of one or more documents."""
        return self.kubectl("apply", "-f", "-", stdin=manifest)

    def get(self, *arguments: str) -> dict:
        """`kubectl get … -o json`."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def wait(self, condition: str, *what: str, seconds: float = 60) -> str:
        """`kubectl wait --for=CONDITION WHAT…`: `cluster.wait("condition=available", "deployment/api")`."""
        return self.kubectl("wait", f"--for={condition}", f"--timeout={seconds:g}s", *what, seconds=seconds + 10)

    def pods(self, selector: str = "") -> list[str]:
        """The names of the pods that a label selector selects, without those that are about to go."""
        pods = self.get("pods", "-l", selector)["items"]
        return [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    # ------------------------------------------------------------------------------------------------- addresses

    def address(self, service: str, port: int | str | None = None) -> str:
        """`ADDRESS:PORT` of a service, or of the pod behind one without an address; its first port if none is named."""
        found = self.get("service", service)
        ports = found["spec"]["ports"]
        chosen = ports[0] if port is None else next(each for each in ports if port in {each["port"], each.get("name")})
        address = found["spec"]["clusterIP"]
        if address == "None":
            subsets = self.get("endpoints", service)["subsets"]
            address = subsets[0]["addresses"][0]["ip"]
        return f"{address}:{chosen['port']}"

    def kubeconfig_of(self, service_account: str, namespace: str = "") -> Path:
        """A kubeconfig with the rights of a service account."""
        namespace = namespace or self.namespace
        asked = f"/stand-in/tokens/{namespace}/{service_account}"
        token = self.kubectl("get", "--raw", asked)
        path = self.folder / f"kubeconfig-{namespace}-{service_account}"
        cluster = {"server": f"https://{self.api_address}", "certificate-authority": str(self.folder / "ca.crt")}
        _write_kubeconfig(path, cluster, {"token": token}, namespace)
        return path

    def volume(self, claim: str, namespace: str = "") -> Path:
        """The folder behind a PersistentVolumeClaim."""
        return self.folder / "volumes" / (namespace or self.namespace) / claim

    def pod_volume(self, pod: str, volume: str, namespace: str = "") -> Path:
        """The folder behind another volume of a pod."""
        namespace = namespace or self.namespace
        uid = self.kubectl("get", "pod", pod, "-n", namespace, "-o", "jsonpath={.metadata.uid}")
        return self.folder / "pods" / f"{namespace}_{pod}_{uid[:8]}" / "volumes" / volume

    # ----------------------------------------------------------------------------------------------------- shell

    def shell(
        self,
        line: str,
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        mounts: Mapping[str, Path] | None = None,
        seconds: float = 120,
    ) -> Done:
        """Run a line of bash as an operator would type it, with names that lead into the cluster.

        Args:
            line: kubectl, curl, psql and so on find this cluster
            environment: further variables
            mounts: folders or files of this machine, by where the line sees them; the places must exist
        """
        return subprocess.run(
            self.shell_command(line, mounts=mounts),
            cwd=cwd,
            env=_clean_environment() | self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def shell_command(self, line: str, *, mounts: Mapping[str, Path] | None = None) -> list[str]:
        """The command behind `shell`, for who starts it otherwise."""
        hosts = self.folder / f"hosts-{next(self._numbers)}"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(self._outside_lines()), encoding="utf-8")
        bound = [Mount(source=hosts, target="/etc/hosts")]
        bound += [Mount(source=source, target=target) for target, source in (mounts or {}).items()]
        return with_mounts(bound, ["/bin/bash", "-c", line])

    def _outside_lines(self) -> Iterator[str]:
        for service in self.get("services", "--all-namespaces")["items"]:
            metadata = service["metadata"]
            name, namespace = metadata["name"], metadata["namespace"]
            address = service["spec"]["clusterIP"]
            if address == "None":
                subsets = self.get("endpoints", name, "-n", namespace).get("subsets") or ()
                address = next((subset["addresses"][0]["ip"] for subset in subsets), None)
            if address is None:
                continue
            long = f"{name}.{namespace} {name}.{namespace}.svc {name}.{namespace}.svc.cluster.local"
            yield f"{address} {f'{name} ' if namespace == self.namespace else ''}{long}\n"
            if name == "nginx":
                yield f"{address} {' '.join(self.outside_names)}\n"


def _skip(reason: str) -> None:
    # The cluster's own process comes by here too, and has no use for pytest.
    import pytest

    pytest.skip(reason)


def _clean_environment() -> dict[str, str]:
    """Ours, without what leads kubectl or curl elsewhere."""
    elsewhere = ("KUBE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
    return {name: value for name, value in os.environ.items() if not name.startswith(elsewhere)}


def _write_kubeconfig(path: Path, cluster: dict, user: dict, namespace: str) -> None:
    context = {"cluster": "stand-in", "user": "operator", "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "stand-in", "cluster": cluster}],
        "users": [{"name": "operator", "user": user}],
        "contexts": [{"name": "stand-in", "context": context}],
        "current-context": "stand-in",
    }
    path.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    path.chmod(0o600)


@contextlib.contextmanager
def running_cluster(
    folder: Path,
    *,
    programs: tuple[Path, ...] = (),
    environment: Mapping[str, str] | None = None,
    back_off: float = 1.0,
) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts; a test that needs one is skipped where none can be had.

    Args:
        folder: for its files; the log of its process is `cluster.log` in it
        programs: folders that come first on every container's PATH
        environment: variables of every container, as an image would set them
        back_off: seconds before the second restart of a container
    """
    # The cluster's own process comes by this module too, and has no use for pytest.
    from support.kube_tools import kubectl

    program = kubectl()
    folder.mkdir(parents=True, exist_ok=True)
    reason = reason_against(folder)
    if reason is not None:
        _skip(f"no stand-in for Kubernetes: {reason}")
    options = {
        "folder": str(folder),
        "programs": [str(path) for path in programs],
        "environment": dict(environment or {}),
        "back_off": back_off,
    }
    log = folder / "cluster.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.cluster", json.dumps(options)],
            env=os.environ | {"PYTHONPATH": str(TESTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
        )
    try:
        line = process.stdout.readline()
        assert line, f"the stand-in for Kubernetes did not start:\n{log.read_text(errors='replace')[-3000:]}"
        ready = json.loads(line)
        server = f"http://127.0.0.1:{ready['port']}"
        kubeconfig = folder / "kubeconfig"
        _write_kubeconfig(kubeconfig, {"server": server}, {}, "default")
        yield Cluster(
            folder=folder,
            kubeconfig=kubeconfig,
            server=server,
            api_address=ready["api_address"],
            kubectl_program=program,
        )
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            # Its pods die with it.
            process.kill()
            process.wait()
