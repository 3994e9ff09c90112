"""The metrics that are documented are those that there are."""

import re

from prometheus_client.metrics import MetricWrapperBase
from support.documentation import ROOT

from actinf.service import measures

PAGE = ROOT / "docs" / "howto" / "watch-a-service.md"


def test_every_metric_is_documented_with_its_labels_and_its_meaning() -> None:
    documented = dict(
        re.findall(r"^\| `(actinf_\w+(?:\{[\w,]+\})?)` \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    )
    there = {}
    for one in vars(measures).values():
        if isinstance(one, MetricWrapperBase):
            name = one._name + ("_total" if one._type == "counter" else "")
            there[name + ("{" + ",".join(one._labelnames) + "}" if one._labelnames else "")] = one._documentation
    assert there
    assert documented == there
