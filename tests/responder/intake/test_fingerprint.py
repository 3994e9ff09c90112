from hypothesis import given
from hypothesis import strategies as st

from actinf.responder.intake.fingerprint import full_fingerprint, key_fingerprint, partial_fingerprint

DOWN = {"alertname": "ApiReplicaUnwell", "component": "api", "incident_type": "api_down", "instance": "10.0.0.7:8000"}


def test_a_fingerprint_stays_what_it_is_from_release_to_release() -> None:
    """It is stored: were it made in another way, every alert that fires would be a new one after an upgrade."""
    assert full_fingerprint("alertmanager", DOWN) == "24add87107da9c8201eba220588b6d1d"
    assert partial_fingerprint(DOWN) == "30c7f4af055b47c8a30c84de962bc22f"
    assert key_fingerprint("backups", "disk-a") == "2b9d2dc33960eb216b8c9b5e2a6fc428"


def test_two_pods_are_two_things_and_one_trouble() -> None:
    """That one pod is well again must not end what the other one still says."""
    other = DOWN | {"instance": "10.0.0.8:8000"}
    assert full_fingerprint("alertmanager", DOWN) != full_fingerprint("alertmanager", other)
    assert partial_fingerprint(DOWN) == partial_fingerprint(other)


def test_which_of_two_watchers_noticed_makes_no_difference() -> None:
    seen = [full_fingerprint("alertmanager", DOWN | {"prometheus_replica": name}) for name in ("a", "b")]
    assert seen[0] == seen[1] == full_fingerprint("alertmanager", DOWN)


def test_senders_are_told_apart() -> None:
    assert full_fingerprint("a", DOWN) != full_fingerprint("b", DOWN)
    assert key_fingerprint("a", "k") != key_fingerprint("b", "k")


@given(
    st.dictionaries(st.text(max_size=4), st.text(max_size=4)), st.dictionaries(st.text(max_size=4), st.text(max_size=4))
)
def test_equal_labels_and_only_those_have_one_full_fingerprint(one: dict[str, str], other: dict[str, str]) -> None:
    assert full_fingerprint("s", one) == full_fingerprint("s", dict(reversed(one.items())))
    assert (full_fingerprint("s", one) == full_fingerprint("s", other)) == (one == other)
