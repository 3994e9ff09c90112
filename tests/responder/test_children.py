"""The processes that a responder starts get what they need of its environment, and none of its secrets."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.paper_kubectl import PaperKubectl

from actinf.responder import children
from actinf.responder.parts import make_parts
from actinf.responder.ramp.kubectl import Kubectl
from actinf.responder.ramp.plan import Kind
from actinf.responder.settings import RespondSettings

PLAIN = {"PATH": "/usr/bin:/bin", "HOME": "/home/ada", "LC_ALL": "C.UTF-8", "https_proxy": "http://proxy:3128"}
CLUSTER = {"KUBECONFIG": "/etc/kube", "KUBERNETES_SERVICE_HOST": "10.0.0.1", "AWS_PROFILE": "ops"}
TRIALS = {"ACTINF_URL": "https://api.example", "ACTINF_KEY": "ak_1", "ACTINF_LOAD_P95_MS": "400"}
PAGE = {"ACTINF_STATUS_SMTP_URL": "smtps://user:word@host"}
SECRET = {
    "ACTINF_RESPOND_SLACK_TOKEN": "xoxb",
    "ACTINF_RESPOND_SMTP_URL": "smtps://user:word@host",
    "actinf_respond_key": "ar_1",
    "ACTINF_WATCH_PAGER_SECRET": "whsec_1",
    "ACTINF_DATABASE_URL": "postgresql://user:word@host/actinf",
    "ACTINF_AUDIT_KEY": "k",
    "VENDOR_TOKEN": "nobody named it",
}
ALL = PLAIN | CLUSTER | TRIALS | PAGE | SECRET


@pytest.mark.parametrize(
    ("child", "gets"),
    [
        (children.for_kubectl, PLAIN | CLUSTER),
        (children.for_trials, PLAIN | TRIALS),
        (children.for_advice, PLAIN),
        (children.for_status_page, PLAIN | PAGE),
    ],
)
def test_a_child_gets_what_it_needs_and_nothing_else(
    child: Callable[[Mapping[str, str]], dict[str, str]], gets: dict[str, str]
) -> None:
    assert child(ALL) == gets


def test_what_is_named_is_handed_on_but_never_what_is_the_responders() -> None:
    also = ("VENDOR_TOKEN", "ACTINF_RESPOND_SLACK_TOKEN", "*")
    for child in (children.for_kubectl, children.for_trials):
        assert child(ALL, also[:2]) == child(ALL) | {"VENDOR_TOKEN": "nobody named it"}
        assert not [name for name in child(ALL, also) if name.upper().startswith(("ACTINF_RESPOND_", "ACTINF_WATCH_"))]


def test_of_a_responders_parts_no_child_inherits_a_secret(tmp_path: Path) -> None:
    settings = RespondSettings(
        data_dir=tmp_path / "store", kubectl="kubectl", ramp_url="https://staging", ramp_key=SecretStr("ak_own")
    )
    parts = make_parts(settings, environment=ALL)
    parts.close()
    cluster, trials = parts.ramping.cluster, parts.ramping.trials
    assert isinstance(cluster, Kubectl)
    assert cluster.environment == PLAIN | CLUSTER
    own = {"ACTINF_URL": "https://staging", "ACTINF_KEY": "ak_own"}
    assert trials.commands[Kind.SMOKE].environment == PLAIN | TRIALS | own  # type: ignore[attr-defined]


def test_kubectl_itself_sees_no_more_than_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_SLACK_TOKEN", "xoxb-secret")
    paper = PaperKubectl(tmp_path)
    script = paper.program.read_text(encoding="utf-8")
    paper.program.write_text(script.replace("\n", f"\nenv >{tmp_path}/seen\n", 1), encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "KUBECONFIG": "/etc/kube"}
    assert Kubectl(program=str(paper.program), deployment="x", environment=environment).look().replicas == 1
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "KUBECONFIG=/etc/kube" in seen
    assert "ACTINF" not in seen
