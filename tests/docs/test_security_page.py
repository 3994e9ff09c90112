"""The order of the page for an attack: no step may need what the step before has taken away."""

import re

from support.documentation import ROOT

PAGE = (ROOT / "docs" / "runbooks" / "security.md").read_text(encoding="utf-8")


def test_nothing_that_asks_the_database_is_typed_into_a_replica_that_is_cut_off_or_gone() -> None:
    """Quarantine takes the network from a replica, scaling to nothing the replica: no key could be revoked."""
    isolated = PAGE[PAGE.index("quarantine=true") :]
    typed = re.findall(
        r"^.*\bactinf .*$", "\n".join(re.findall(r"```bash\n(.*?)```", isolated, re.DOTALL)), re.MULTILINE
    )
    assert len(typed) >= 3
    assert [line for line in typed if "deployment/active-inference-worker" not in line] == []


def test_the_autoscaler_goes_before_the_pods_are_idle() -> None:
    """It would take them away, and what is in their memory with them."""
    assert PAGE.index("kubectl delete hpa active-inference-api") < PAGE.index("quarantine=true\n")
