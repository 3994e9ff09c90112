"""Which names are this machine's own."""

import pytest

from actinf.runtime.listening import means_this_machine


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.8.7", True),
        ("::1", True),
        ("127.evil.example", False),  # it begins like an address, and is a name that anybody may own
        ("localhost.evil.example", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("", False),
        (None, False),
    ],
)
def test_only_loopback_is_this_machine(name: str | None, expected: bool) -> None:
    assert means_this_machine(name) is expected
