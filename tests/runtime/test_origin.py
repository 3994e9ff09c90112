"""Where no key tells this machine from other sites, only this machine is answered."""

import pytest
from starlette.requests import Request

from actinf.errors import Forbidden
from actinf.runtime.origin import is_of_this_address, refuse_other_sites


def asked(**headers: str) -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": raw})


@pytest.mark.parametrize("host", ["127.0.0.1:8070", "localhost", "[::1]:8070", "127.1.2.3"])
def test_this_machine_is_answered_by_its_own_names(host: str) -> None:
    refuse_other_sites(asked(host=host))
    refuse_other_sites(asked(host=host, origin=f"http://{host}"))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", "", "[", "[::1", "]:", "\xff"])
def test_other_names_are_refused_and_none_is_too_strange_for_that(host: str) -> None:
    with pytest.raises(Forbidden, match="only this machine is answered"):
        refuse_other_sites(asked(host=host))


def test_without_a_name_it_is_refused() -> None:
    with pytest.raises(Forbidden, match="only this machine is answered"):
        refuse_other_sites(asked())


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1:9", ""])
def test_pages_of_other_sites_are_refused(origin: str) -> None:
    request = asked(host="127.0.0.1:8070", origin=origin)
    assert not is_of_this_address(request, origin)
    with pytest.raises(Forbidden, match="no page of another site is answered") as refused:
        refuse_other_sites(request)
    assert "if you trust it" not in str(refused.value), "nothing lets one in"


def test_an_origin_that_is_let_in_is_answered_and_others_hear_how() -> None:
    request = asked(host="127.0.0.1", origin="https://lab.example")
    refuse_other_sites(request, ("https://lab.example",), let_in_by="ACTINF_CORS_ORIGINS")
    with pytest.raises(Forbidden, match="into ACTINF_CORS_ORIGINS if you trust it"):
        refuse_other_sites(request, ("https://other.example",), let_in_by="ACTINF_CORS_ORIGINS")
