"""Files of contacts and vendors: read, written again alike, and every mistake told with its line but not its value."""

import pytest

from actinf.errors import SettingError
from actinf.responder.contacts.document import (
    ContactsFile,
    VendorsFile,
    contacts_document,
    vendors_document,
)
from actinf.responder.oncall.document_writing import yaml_of

CONTACTS = """\
contacts:
  fay:
    name: Fay Sutherland
    role: CTO
    means:
      - {phone: +49 30 7654321, when: at night as well}
      - {phone: +49 30 7654321 ext 9}
      - {email: fay@example.org}
      - {chat: U1}
      - {web: "https://meet.example.org/fay"}
    note: speaks German
  ada: {name: Ada, role: DevOps Engineer}
"""
VENDORS = """\
vendors:
  cloud:
    name: Example Cloud
    kind: cloud
    for: [api, postgres]
    portal: https://console.example.org/support
    phone: 0800 123 4567
    email: support@example.org
    customer: K-1
    contract: C-2
    support: Business, 24/7
    answers_within: 60
    priority_case: |
      Portal, Support.
      Say the customer number.
  other: {name: Other}
"""


def test_contacts_are_written_as_they_were_read() -> None:
    read = ContactsFile.from_text(CONTACTS)
    assert [one.value for one in read["fay"].means][:2] == ["+49 30 7654321", "+49 30 7654321 ext 9"]
    assert ContactsFile.from_text(yaml_of(contacts_document(list(read.values())))) == read


def test_vendors_are_written_as_they_were_read() -> None:
    read = VendorsFile.from_text(VENDORS)
    assert (read["cloud"].components, read["cloud"].answers_within) == (("api", "postgres"), 60)
    assert read["cloud"].priority_case == "Portal, Support.\nSay the customer number."
    assert VendorsFile.from_text(yaml_of(vendors_document(list(read.values())))) == read


def test_what_is_paged_is_the_first_number_that_can_be() -> None:
    text = CONTACTS.replace("{phone: +49 30 7654321, when: at night as well}", "{phone: 030 7654321}")
    person = ContactsFile.from_text(text)["fay"].person()
    assert (person.phone, person.email, person.chat_id) == (None, "fay@example.org", "U1")
    assert ContactsFile.from_text(CONTACTS)["fay"].person().phone == "+49 30 7654321"


SECRET = "+49 30 12a3456"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (CONTACTS.replace("+49 30 7654321, when", f"{SECRET}, when"), 6, "contacts.fay.means[0].phone is not what"),
        (CONTACTS.replace("{chat: U1}", "{chat: U1, email: a@b.org}"), 9, "has 2 of phone, email, chat, web"),
        (CONTACTS.replace("{chat: U1}", "{when: never}"), 9, "has 0 of phone, email, chat, web"),
        (CONTACTS.replace("{chat: U1}", "U1"), 9, "is not what it should be: expected one of phone, email, chat, web"),
        (CONTACTS.replace("{chat: U1}", "{chatt: U1}"), 9, "did you mean 'chat'?"),
        (CONTACTS.replace("  fay:", "  Fay!:"), 2, "expected at most 64 small letters"),
        (CONTACTS.replace("role: CTO", "rôle: CTO"), 2, "contacts.fay has no 'role': add it"),
        ("contacts: [fay]", 1, "expected a mapping of handles to contacts"),
        ("vendors: {}", 1, "the file has no 'contacts': add it"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        ContactsFile.from_text(text, "c.yaml")
    assert told in str(refused.value)
    assert f"c.yaml:{line}: " in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://console.example.org/support", "javascript:alert(1)"),
        ("0800 123 4567", "<b>"),
        ("answers_within: 60", "answers_within: soon"),
        ("kind: cloud", "kind: cloudy"),
        ("K-1", '"a\\nb"'),
    ],
)
def test_a_vendor_with_a_mistake_is_refused(old: str, new: str) -> None:
    with pytest.raises(SettingError, match=r"v\.yaml:\d+: vendors\.cloud"):
        VendorsFile.from_text(VENDORS.replace(old, new, 1), "v.yaml")


def test_what_is_too_much_is_refused() -> None:
    many = "contacts:\n" + "".join(f"  a{number}: {{name: A, role: B}}\n" for number in range(1001))
    with pytest.raises(SettingError, match="contacts has 1,001 entries: at most 1,000 are taken"):
        ContactsFile.from_text(many)
    means = ", ".join("{chat: U1}" for _ in range(21))
    with pytest.raises(SettingError, match="has 21 means: at most 20 are taken"):
        ContactsFile.from_text(f"contacts: {{a: {{name: A, role: B, means: [{means}]}}}}")
    long = "x" * 2001
    with pytest.raises(SettingError, match="expected a text of at most 2000 characters"):
        VendorsFile.from_text(f"vendors: {{a: {{name: A, priority_case: {long}}}}}")
