"""What kubectl says of a failure: whether it is final, or worth trying again."""

from pathlib import Path

import pytest

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.ramp.kubectl import Kubectl

FINAL = (
    'Error from server (Forbidden): deployments.apps "x" is forbidden: User "u" cannot patch "deployments/scale"',
    'error: no objects passed to scale deployments "x" is forbidden: User "u" cannot get resource "deployments"',
    'Error from server (NotFound): deployments.apps "x" not found',
    'Error from server: admission webhook "policy.example.org" denied the request: at most 2 replicas',
    'The HorizontalPodAutoscaler "x" is invalid: spec.minReplicas: Invalid value: 9',
    "error: You must be logged in to the server (Unauthorized)",
)
PASSING = (
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?",
    "Unable to connect to the server: dial tcp: lookup api.example.org: no such host",
    "Error from server (Timeout): the server was unable to return a response in the time allotted",
    "Error from server (TooManyRequests): the server has received too many requests",
    "Error from server (ServiceUnavailable): the server is currently unable to handle the request",
    "error: Expected replicas to be 1, was 2",
    'Error from server (Conflict): Operation cannot be fulfilled on deployments.apps "x"',
)


@pytest.mark.parametrize(
    ("said", "kind"), [*((one, ClusterRefused) for one in FINAL), *((one, ClusterTrouble) for one in PASSING)]
)
def test_what_is_against_the_rules_is_refused_and_the_rest_may_pass(
    tmp_path: Path, said: str, kind: type[Exception]
) -> None:
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(ClusterTrouble) as failed:
        Kubectl(program=str(program), deployment="x", environment={}).scale(None, 1, 2)
    assert type(failed.value) is kind
    assert said[:60] in str(failed.value)
