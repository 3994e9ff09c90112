"""What the pages for incidents may not ask for: what an earlier step took away, or what nobody should see."""

import re
from pathlib import Path

import pytest
from support.documentation import ROOT

PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
PAGE = (ROOT / "docs" / "runbooks" / "security.md").read_text(encoding="utf-8")


def test_nothing_that_asks_the_database_is_typed_into_a_replica_that_is_cut_off_or_gone() -> None:
    """Quarantine takes the network from a replica, scaling to nothing the replica: no key could be revoked."""
    isolated = PAGE[PAGE.index("quarantine=true") :]
    typed = re.findall(
        r"^.*\bactinf .*$", "\n".join(re.findall(r"```bash\n(.*?)```", isolated, re.DOTALL)), re.MULTILINE
    )
    assert len(typed) >= 3
    assert [line for line in typed if "deployment/active-inference-worker" not in line] == []


def test_the_autoscaler_is_held_before_the_pods_are_idle() -> None:
    """It would take them away, and what is in their memory with them."""
    held = re.search(r"^kubectl (delete|patch) hpa active-inference-api", PAGE, re.MULTILINE)
    assert held is not None
    assert held.start() < PAGE.index("quarantine=true\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_prints_a_secret(page: Path) -> None:
    """The one of the certificate has its private key in it, and neither role may read it."""
    assert re.findall(r"kubectl (?:get|describe) secrets?\b.*", page.read_text(encoding="utf-8")) == []
