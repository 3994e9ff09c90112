"""What is sealed opens with its key and in its place alone."""

from pathlib import Path

import pytest

from actinf.errors import ContactsLocked
from actinf.responder.contacts.sealing import Sealed, add_key, key_ring, made_key_ring, readable_by_others


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.key"


def test_it_opens_in_its_place_and_in_no_other(path: Path) -> None:
    keys = made_key_ring(path)
    sealed = keys.seal("contact/ada", {"phone": "+49 30 1234567"})
    assert b"1234567" not in sealed.content
    assert keys.open("contact/ada", sealed) == {"phone": "+49 30 1234567"}
    assert keys.seal("contact/ada", {"phone": "+49 30 1234567"}).content != sealed.content
    with pytest.raises(ContactsLocked, match="contact/bob is not what was sealed"):
        keys.open("contact/bob", sealed)
    for at in (0, 12, len(sealed.content) - 1):
        altered = bytearray(sealed.content)
        altered[at] ^= 1
        with pytest.raises(ContactsLocked, match="is not what was sealed"):
            keys.open("contact/ada", Sealed(key=sealed.key, content=bytes(altered)))
    with pytest.raises(ContactsLocked, match="is not what was sealed"):
        keys.open("contact/ada", Sealed(key=sealed.key, content=b""))


def test_the_first_key_seals_and_each_opens_what_it_sealed(path: Path) -> None:
    before = made_key_ring(path)
    sealed = before.seal("contact/ada", {"a": 1})
    after = add_key(path)
    assert list(after.keys)[1:] == [before.first]
    assert after.first != before.first
    assert after.open("contact/ada", sealed) == {"a": 1}
    assert after.seal("contact/ada", {}).key == after.first
    path.write_text(path.read_text().splitlines()[0] + "\n# only the new one\n\n")
    with pytest.raises(ContactsLocked) as refused:
        key_ring(path).open("contact/ada", sealed)
    assert f"was sealed with the key {before.first}, and {path} has {after.first}" in str(refused.value)


def test_a_file_of_keys_is_its_owners_alone_and_is_never_made_anew(path: Path) -> None:
    keys = made_key_ring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert made_key_ring(path).keys == keys.keys
    add_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not readable_by_others(path)
    path.chmod(0o640)
    assert readable_by_others(path)


def test_a_new_key_leaves_the_file_to_whom_it_belongs(path: Path) -> None:
    made_key_ring(path)
    path.chmod(0o640)  # as for the group of the responder, where an administrator owns it
    add_key(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_of_keys_never_holds_more_than_are_read(path: Path) -> None:
    path.write_text("".join(f"{number:064x}\n" for number in range(100)))
    before = key_ring(path)
    with pytest.raises(ContactsLocked, match="holds 100 keys, and no more are taken: take out from its end"):
        add_key(path)
    assert key_ring(path) == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is not at .* put the file back, or say where it is, ACTINF_RESPOND_CONTACTS_KEY_FILE"),
        ("", "holds 0 keys: expected from 1"),
        ("# nothing\n", "holds 0 keys"),
        ("ab" * 31, ":1: this is no key: expected 64 hexadecimal digits"),
        ("# one\n" + "ab" * 32 + "\nxyz\n", ":3: this is no key"),
        (("ab" * 32 + "\n") * 101, "holds 101 keys: expected from 1 to 100"),
        ("\xff\xfe", ":1: this is no key"),
    ],
)
def test_what_is_no_file_of_keys_is_told_without_its_content(path: Path, content: str | None, told: str) -> None:
    if content is not None:
        path.write_text(content, encoding="latin-1")
    with pytest.raises(ContactsLocked, match=told) as refused:
        key_ring(path)
    assert "everything but contacts and vendors works meanwhile" in str(refused.value)
    assert "abab" not in str(refused.value)


def test_keys_do_not_show_themselves(path: Path) -> None:
    keys = made_key_ring(path)
    assert path.read_text().strip() not in repr(keys)
    assert keys.keys[keys.first].hex()[:12] != keys.first
