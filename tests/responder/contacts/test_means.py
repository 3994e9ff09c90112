"""A tap on a means calls, writes or opens a page, and does nothing else, whatever somebody typed."""

import pytest

from actinf.errors import SettingError
from actinf.responder.contacts.means import Means, MeansKind


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("+49 30 1234567", "tel:+49301234567"),
        ("+49 (0)30/123-45.67", "tel:+490301234567"),
        ("+49 30 1234567 ext 12", "tel:+49301234567;ext=12"),
        ("+49 30 1234567 x12", "tel:+49301234567;ext=12"),
        ("+49 30 1234567;ext=12", "tel:+49301234567;ext=12"),
        ("112", "tel:112"),
        ("0800 123 4567", "tel:08001234567"),
    ],
)
def test_a_number_is_called(number: str, link: str) -> None:
    assert Means(kind=MeansKind.PHONE, value=number).link == link


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (MeansKind.PHONE, ""),
        (MeansKind.PHONE, "+"),
        (MeansKind.PHONE, "+49 30 1234567 \n5"),
        (MeansKind.PHONE, "+49 30 1234567;phone-context=evil"),
        (MeansKind.PHONE, "*21*0900123456#"),
        (MeansKind.PHONE, "+49 30 12345,,1"),
        (MeansKind.PHONE, "+49 ３０ １２３"),
        (MeansKind.PHONE, "+49 (30 1234567"),
        (MeansKind.PHONE, "javascript:alert(1)"),
        (MeansKind.PHONE, "1" * 41),
        (MeansKind.EMAIL, "ada@example.org?bcc=all@example.org"),
        (MeansKind.EMAIL, "ada@example.org,bob@example.org"),
        (MeansKind.EMAIL, "ada@example.org%0Abcc:x"),
        (MeansKind.EMAIL, "ada"),
        (MeansKind.EMAIL, "Ada <ada@example.org>"),
        (MeansKind.WEB, "javascript:alert(1)"),
        (MeansKind.WEB, "data:text/html,x"),
        (MeansKind.WEB, "ftp://example.org"),
        (MeansKind.WEB, 'https://example.org/"onclick="x'),
        (MeansKind.WEB, "//example.org"),
        (MeansKind.CHAT, ""),
        (MeansKind.CHAT, "U1\x1b[31m"),
        (MeansKind.CHAT, "U" * 201),
    ],
)
def test_what_is_none_is_refused_and_not_quoted(kind: MeansKind, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        Means(kind=kind, value=value)
    assert str(refused.value).startswith(f"{kind} is not what it should be: expected ")
    assert len(value) < 4 or value not in str(refused.value)


def test_an_address_is_escaped_for_its_link() -> None:
    assert Means(kind=MeansKind.EMAIL, value="a'b+c@example.org").link == "mailto:a%27b%2Bc@example.org"
    assert Means(kind=MeansKind.WEB, value="https://example.org/a?b=c").link == "https://example.org/a?b=c"
    assert Means(kind=MeansKind.CHAT, value="U1").link == ""


def test_a_means_does_not_show_itself() -> None:
    assert repr(Means(kind=MeansKind.PHONE, value="+49 30 1234567", when="at home")) == (
        "Means(kind=<MeansKind.PHONE: 'phone'>)"
    )
