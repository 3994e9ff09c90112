"""What both clients make of addresses, replies and lost connections; the one file, beside theirs, that knows httpx."""

import ssl
import weakref
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

import actinf
from actinf.client.operation import Operation
from actinf.client.refusals import error_of_problem, not_this_service, unreadable
from actinf.errors import ActinfError, ServiceError, ServiceUnavailable, SettingError
from actinf.runtime.listening import means_this_machine

__all__ = ["address", "close_when_forgotten", "headers_with", "is_here", "lost", "result_of"]

T = TypeVar("T")

_PROXY_IS_ALONE = (502, 503, 504)


def address(url: str) -> str:
    """The address of a service without a slash at its end.

    Raises:
        SettingError: when it is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError(f"the address {url!r}: expected one like http://127.0.0.1:8000 or https://lab.example.org")
    return url.rstrip("/")


def is_here(url: str) -> bool:
    """Whether an address is of this machine, to which no proxy of the environment leads."""
    return means_this_machine(urlsplit(url).hostname)


def headers_with(key: str | None) -> dict[str, str]:
    """What every request says of itself.

    Raises:
        SettingError: when the key holds what a header cannot.
    """
    headers = {"User-Agent": f"actinf/{actinf.__version__}", "Accept": "application/json"}
    if key is not None:
        key = key.strip()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise SettingError("the key is empty, or holds blanks or line breaks: expected ai_…, as it was printed")
        headers["Authorization"] = f"Bearer {key}"
    return headers


def close_when_forgotten(owner: object, http: object) -> None:
    """Let the connections of a blocking client end with it, for who neither closes it nor uses `with`."""
    if isinstance(http, httpx.Client):
        weakref.finalize(owner, http.close)


def result_of(url: str, operation: Operation[T], reply: httpx.Response) -> T:
    """What an operation was answered.

    Args:
        url: of the service.
        operation: what was asked.
        reply: what was answered, read whole.

    Raises:
        ActinfError: what the service refused, as the library's own exception.
        ServiceError: the answer is none of an Active Inference API.
    """
    status, media = reply.status_code, reply.headers.get("content-type", "").partition(";")[0].strip()
    if status == 204:
        return operation.read(None)
    is_json = media == "application/json" or media.endswith("+json")
    if not is_json:
        if status in _PROXY_IS_ALONE:
            raise ServiceUnavailable(f"{url}: a proxy answered {operation.asked} with {status}", 0.0)
        raise not_this_service(url, operation.asked, status, reply.headers.get("location") or media)
    try:
        data = reply.json()
        if reply.is_success or (status in operation.also and media == "application/json"):
            return operation.read(data)
        refused = error_of_problem(data, asked=operation.asked, retry_after=_retry_after(reply))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ActinfError):
            raise
        raise unreadable(url, operation.asked, error) from error
    raise refused


def _retry_after(reply: httpx.Response) -> float | None:
    """Seconds, as this service states them; a date, which a proxy may send, says nothing here."""
    said = reply.headers.get("retry-after", "")
    return float(said) if said.isdecimal() and len(said) < 8 else None


def lost(url: str, operation: Operation[Any], error: httpx.HTTPError, *, timeout: float) -> ServiceError:
    """What a request that has no answer means: ServiceUnavailable where it may have one later."""
    reason = _reason(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ServiceError(
            f"the certificate of {url} is not trusted: {reason.verify_message}; where it is signed by an authority of "
            'your own, name its file: Client(url, verify="authority.pem")'
        )
    if isinstance(reason, ssl.SSLError):
        return ServiceError(f"{url} does not speak TLS as this client does ({reason}): is it http:// instead?")
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        said = "nothing answered in time" if isinstance(error, httpx.TimeoutException) else str(reason or error)
        return ServiceUnavailable(f"cannot connect to {url}: {said}; is the service running there (actinf serve)?", 0.0)
    if isinstance(error, httpx.TimeoutException):
        return ServiceUnavailable(f"{url} did not answer {operation.asked} within {timeout:g} s", 0.0)
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | httpx.ProxyError):
        return ServiceUnavailable(f"the connection to {url} was lost during {operation.asked}: {error}", 0.0)
    return ServiceError(f"{operation.asked} could not be sent to {url}, or its answer not be read: {error}")


def _reason(error: BaseException) -> BaseException | None:
    """What the system said, below the layers that passed it on."""
    found: BaseException | None = None
    seen: BaseException | None = error
    for _ in range(10):
        seen = None if seen is None else seen.__cause__ or seen.__context__
        if isinstance(seen, OSError):
            found = seen
    return found
