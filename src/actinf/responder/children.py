"""What the processes that a responder starts get of its environment: what they need, and none of its secrets.

A responder's environment holds what opens its channels: keys, passwords, tokens.  Of all that only what is named here
goes on to a child, so that a variable that comes later is kept back until somebody says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["for_advice", "for_kubectl", "for_status_page", "for_trials"]

#: Where programs, homes and certificates are, how people write, and which way leads outside.
_PLAIN = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_*", "LD_LIBRARY_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "VIRTUAL_ENV", "PYTHON*",
)  # fmt: skip
#: What kubectl reads, and the programs by which it signs in at the clouds.
_KUBECTL = ("KUBE*", "AWS_*", "AZURE_*", "AAD_*", "GOOGLE_*", "CLOUDSDK_*", "USE_GKE_*")
#: What the tests of the service read.
_TRIALS = ("ACTINF_URL", "ACTINF_KEY", "ACTINF_LOAD_*", "LOCUST_*", "REQUESTS_CA_BUNDLE")
_ENGINE = ("ACTINF_CACHE_DIR", "NUMBA_*", "OMP_*", "OPENBLAS_*", "MKL_*", "MPLCONFIGDIR")
_PAGE = ("ACTINF_STATUS_*",)
#: Whatever somebody asks for, these are never handed on.
_SECRET = ("ACTINF_RESPOND_", "ACTINF_WATCH_")


def for_kubectl(environment: Mapping[str, str], also: Iterable[str] = ()) -> dict[str, str]:
    """What kubectl gets.

    Args:
        environment: of this process.
        also: names of further variables.
    """
    return _chosen(environment, (*_PLAIN, *_KUBECTL, *also))


def for_trials(environment: Mapping[str, str], also: Iterable[str] = ()) -> dict[str, str]:
    """What the trials of a ramp get; as `for_kubectl`."""
    return _chosen(environment, (*_PLAIN, *_TRIALS, *also))


def for_advice(environment: Mapping[str, str]) -> dict[str, str]:
    """What the engine gets that advises."""
    return _chosen(environment, (*_PLAIN, *_ENGINE))


def for_status_page(environment: Mapping[str, str]) -> dict[str, str]:
    """What the process gets that serves the status page, to which strangers talk: beside what is plain its own."""
    return _chosen(environment, (*_PLAIN, *_PAGE))


def _chosen(environment: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    names = [one.upper() for one in wanted]
    plain, beginnings = frozenset(names), tuple(one[:-1] for one in names if one.endswith("*"))
    return {
        name: value
        for name, value in environment.items()
        # Of a proxy the name may be written in small letters.
        if (name.upper() in plain or name.upper().startswith(beginnings)) and not name.upper().startswith(_SECRET)
    }
