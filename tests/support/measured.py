"""Which metrics there are, and which an expression reads."""

import re

from prometheus_client.metrics import MetricWrapperBase
from support.seeing import DEPLOY, RULES, read

from actinf.service import measures

# A name that is followed by `{`, `[`, `)` or an operator; what stands in braces or in quotes is none.
_NAME = re.compile(r"\b([a-zA-Z][a-zA-Z0-9_]*(?::[a-z0-9_:]+)?)\b(?!\s*\()")
_WORDS = {"by", "on", "and", "or", "unless", "offset", "group_left", "without", "ignoring", "sum", "max", "min", "bool"}


def names_in(expression: str) -> set[str]:
    """The metrics that an expression reads."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\boffset\s+\w+", " ", bare)
    return {name for name in _NAME.findall(bare) if name not in _WORDS and not re.fullmatch(r"e\d+", name)}


def exported() -> set[str]:
    """Every metric that somebody exports: the service, the adapters, and what others bring."""
    ours = {
        one._name + suffix
        for one in vars(measures).values()
        if isinstance(one, MetricWrapperBase)
        for suffix in ({"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(one._type, ("",)))
    }
    ours |= {family.name for family in measures.REGISTRY.collect() if family.name.startswith("process_")}
    sources = read(DEPLOY / "prometheus" / "sources.yml")
    others = {name for kind in ("adapters", "upstream") for names in sources[kind].values() for name in names}
    return ours | {name + "_total" for name in ours if name == "process_cpu_seconds"} | others


def recorded() -> dict[str, str]:
    """What rules record, with the expression."""
    groups = [group for path in RULES for group in read(path)["groups"]]
    return {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
