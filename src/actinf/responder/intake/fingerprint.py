"""What makes two alerts the same: digests of their labels.

The *full* one names a single thing that is watched, with its pod and instance, because each of them is resolved by
itself: that one pod is well again says nothing of the others.  The *partial* one names what is wrong, wherever it is
wrong; alerts that share it are told as one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

__all__ = ["CHOSEN", "UNHEEDED", "full_fingerprint", "key_fingerprint", "partial_fingerprint"]

#: Labels that say which of several equal watchers noticed: they differ while the thing is the same.
UNHEEDED = frozenset({"prometheus", "prometheus_replica", "monitor", "monitor_replica", "alertmanager"})
#: Labels that say what is wrong: none that changes with the pod, the node, the address or the moment.
CHOSEN = ("alertname", "component", "incident_type", "root")


def full_fingerprint(source: str, labels: Mapping[str, str], unheeded: Iterable[str] = UNHEEDED) -> str:
    """Which thing an alert is about.

    Args:
        source: who sent it.
        labels: all of them; their order does not matter.
        unheeded: names of labels that are left out.

    Returns:
        32 hexadecimal digits.
    """
    left_out = frozenset(unheeded)
    return _digest("full", source, sorted((name, value) for name, value in labels.items() if name not in left_out))


def key_fingerprint(source: str, key: str) -> str:
    """The same, where the sender has a name of its own for the thing.

    Args:
        source: who sent it.
        key: the sender's name.
    """
    return _digest("key", source, key)


def partial_fingerprint(labels: Mapping[str, str], chosen: Iterable[str] = CHOSEN) -> str:
    """What is wrong, wherever it is.

    Args:
        labels: of the alert.
        chosen: names of the labels that say it; one that is not there counts as an empty one.

    Returns:
        32 hexadecimal digits.
    """
    return _digest("partial", [(name, labels.get(name, "")) for name in sorted(set(chosen))])


def _digest(*parts: object) -> str:
    # JSON keeps apart what a mere join would not: ("a", "bc") and ("ab", "c").
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
