"""The patches of Kubernetes on plain objects."""

import pytest
from support.cluster.errors import BadRequest
from support.cluster.patches import apply_patch
from support.cluster.selectors import parse_label_selector, quantity

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "spec": {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {"spec": {"containers": [{"name": "api", "image": "a:1", "env": [{"name": "A", "value": "1"}]}]}},
    },
}


def patched(kind: str, patch: object) -> dict:
    return apply_patch(f"application/{kind}+json", DEPLOYMENT, patch)


def of_containers(*containers: dict) -> dict:
    return {"spec": {"template": {"spec": {"containers": list(containers)}}}}


def containers_of(deployment: dict) -> list[dict]:
    return deployment["spec"]["template"]["spec"]["containers"]


def test_a_strategic_patch_merges_lists_by_their_key() -> None:
    change = {"name": "api", "env": [{"name": "B", "value": "2"}]}

    merged = containers_of(patched("strategic-merge-patch", of_containers(change)))

    assert merged == [
        {"name": "api", "image": "a:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    ]


def test_another_name_adds_a_container() -> None:
    merged = containers_of(patched("strategic-merge-patch", of_containers({"name": "other", "image": "b:1"})))
    assert [each["name"] for each in merged] == ["api", "other"]


def test_a_strategic_patch_deletes_replaces_and_retains() -> None:
    gone = {"name": "api", "env": [{"name": "A", "$patch": "delete"}]}
    assert containers_of(patched("strategic-merge-patch", of_containers(gone)))[0]["env"] == []
    strategy = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert patched("strategic-merge-patch", strategy)["spec"]["strategy"] == {"type": "Recreate"}
    template = {"spec": {"template": {"$patch": "replace", "spec": {}}}}
    assert patched("strategic-merge-patch", template)["spec"]["template"] == {"spec": {}}


def test_a_list_that_is_merged_wants_its_key() -> None:
    with pytest.raises(BadRequest, match="does not contain declared merge key: name"):
        patched("strategic-merge-patch", of_containers({"image": "b:1"}))


def test_a_merge_patch_replaces_lists_whole() -> None:
    assert containers_of(patched("merge-patch", of_containers({"name": "b"}))) == [{"name": "b"}]
    assert "strategy" not in patched("merge-patch", {"spec": {"strategy": None}})["spec"]


def test_a_json_patch_follows_its_paths() -> None:
    place = "/spec/template/spec/containers/0"
    operations = [
        {"op": "test", "path": f"{place}/image", "value": "a:1"},
        {"op": "replace", "path": f"{place}/image", "value": "a:2"},
        {"op": "add", "path": f"{place}/env/-", "value": {"name": "B"}},
        {"op": "remove", "path": "/spec/strategy"},
    ]

    result = patched("json-patch", operations)

    assert containers_of(result)[0]["image"] == "a:2"
    assert [each["name"] for each in containers_of(result)[0]["env"]] == ["A", "B"]
    assert "strategy" not in result["spec"]
    with pytest.raises(BadRequest, match="leads nowhere: there is no 'nothing'"):
        patched("json-patch", [{"op": "remove", "path": "/spec/nothing"}])


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("app=a", True),
        ("app!=a", False),
        ("app in (a, b),tier", True),
        ("app notin (a)", False),
        ("!missing", True),
        ("app==a,missing", False),
    ],
)
def test_label_selectors(selector: str, selected: bool) -> None:
    assert parse_label_selector(selector)({"metadata": {"labels": {"app": "a", "tier": "x"}}}) is selected


def test_quantities() -> None:
    assert (quantity("250m"), quantity("2"), quantity("1Gi"), quantity("1e3"), quantity("5k")) == (
        0.25,
        2.0,
        2.0**30,
        1000.0,
        5000.0,
    )
    with pytest.raises(ValueError, match="is no quantity"):
        quantity("much")
