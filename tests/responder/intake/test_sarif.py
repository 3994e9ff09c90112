"""Reports in SARIF as scanners write them: which findings they hold, how bad each is, and which is the same again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import WebhookRefused
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.intake.sarif import MOST_BYTES_OF_SCAN, MOST_VALUES, read_sarif
from actinf.responder.intake.scan import Finding, Scan, Weight
from actinf.responder.intake.untrusted import Fields

CATALOGUE = Catalogue.shipped()

TRIVY: dict[str, Any] = {
    "tool": {
        "driver": {
            "name": "Trivy",
            "rules": [
                {
                    "id": "CVE-2019-14697",
                    "name": "OsPackageVulnerability",
                    "shortDescription": {"text": "musl libc: an x87 floating-point stack imbalance"},
                    "defaultConfiguration": {"level": "error"},
                    "helpUri": "https://avd.aquasec.com/nvd/cve-2019-14697",
                    "properties": {"security-severity": "9.8", "tags": ["vulnerability", "security", "CRITICAL"]},
                },
                {
                    "id": "aws-access-key-id",
                    "name": "Secret",
                    "shortDescription": {"text": "AWS Access Key ID"},
                    "properties": {"security-severity": "9.5", "tags": ["secret", "security", "CRITICAL"]},
                },
            ],
        }
    },
    "results": [
        {
            "ruleId": "CVE-2019-14697",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": f"Package: {package}\nInstalled Version: 1.1.20-r4\nVulnerability CVE-2019-14697"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "acme/api", "uriBaseId": "ROOTPATH"},
                        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                    }
                }
            ],
        }
        for package in ("musl", "musl-utils")
    ]
    + [
        {
            "ruleId": "aws-access-key-id",
            "ruleIndex": 1,
            "level": "error",
            "message": {"text": "Secret AWS Access Key ID\nMatch: key=AKIA0123456789"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "app/.env"}, "region": {"startLine": 3}}}],
        }
    ],
    "properties": {"imageName": "registry.example.org:5000/acme/api:1.4.2", "repoTags": []},
}

CODEQL: dict[str, Any] = {
    "tool": {
        "driver": {"name": "CodeQL", "rules": []},
        "extensions": [
            {"name": "codeql/other", "rules": []},
            {
                "name": "codeql/python-queries",
                "rules": [
                    {
                        "id": "py/sql-injection",
                        "shortDescription": {"text": "SQL query built from user-controlled sources"},
                        "defaultConfiguration": {"level": "error"},
                        "properties": {"security-severity": "8.8", "tags": ["security", "external/cwe/cwe-089"]},
                    }
                ],
            },
        ],
    },
    "artifacts": [{"location": {"uri": "src/store.py", "uriBaseId": "%SRCROOT%"}}],
    "results": [
        {
            "ruleId": "py/sql-injection",
            "rule": {"id": "py/sql-injection", "index": 0, "toolComponent": {"index": 1}},
            "message": {"text": "This SQL query depends on a [user-provided value](1)."},
            "locations": [
                {"physicalLocation": {"artifactLocation": {"uri": "", "index": 0}, "region": {"startLine": 40}}}
            ],
            "partialFingerprints": {
                "primaryLocationLineHash": "39fa2ee980eb94b0:1",
                "primaryLocationStartColumnFingerprint": "4",
            },
        }
    ],
    "automationDetails": {"id": "/language:python/2026-11-27"},
    "versionControlProvenance": [{"repositoryUri": "https://git.example.org/acme/shop.git", "branch": "main"}],
}

SEMGREP: dict[str, Any] = {
    "tool": {
        "driver": {
            "name": "Semgrep OSS",
            "rules": [{"id": "python.shell", "defaultConfiguration": {"level": "warning"}, "properties": {"tags": []}}],
        }
    },
    "invocations": [{"executionSuccessful": True}],
    "results": [
        {
            "ruleId": "python.shell",
            "message": {"text": "subprocess call with shell=True"},
            "fingerprints": {"matchBasedId/v1": "requires login"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "app.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": line, "snippet": {"text": text}},
                    }
                }
            ],
        }
        for line, text in ((5, "run(a, shell=True)"), (90, "run(b, shell=True)"))
    ],
}


def report(*runs: dict[str, Any]) -> bytes:
    return json.dumps({"version": "2.1.0", "runs": list(runs)}).encode()


def one_scan(run: dict[str, Any], **said: str) -> Scan:
    (scan,) = read_sarif(report(run), CATALOGUE, **said)
    return scan


def simple(**changes: Any) -> dict[str, Any]:
    """A run with one result, which is changed."""
    result = {
        "ruleId": "R1",
        "message": {"text": "wrong at 12"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 12}}}],
    }
    return {"tool": {"driver": {"name": "Tool"}}, "results": [{**result, **changes}]}


def the_finding(run: dict[str, Any]) -> Finding:
    (finding,) = one_scan(run, target="shop").findings
    return finding


def test_trivy_names_the_image_and_two_packages_with_one_weakness_are_two_findings() -> None:
    scan = one_scan(TRIVY)
    assert (scan.tool, scan.target, scan.component) == ("Trivy", "registry.example.org:5000/acme/api", "api")
    assert [(one.rule, one.weight, one.score) for one in scan.findings] == [
        ("CVE-2019-14697", Weight.CRITICAL, 9.8),
        ("CVE-2019-14697", Weight.CRITICAL, 9.8),
        ("aws-access-key-id", Weight.CRITICAL, 9.5),
    ]
    assert scan.findings[0].link == "https://avd.aquasec.com/nvd/cve-2019-14697"
    assert scan.findings[0].sentence.startswith(
        "critical 9.8: musl libc: an x87 floating-point stack imbalance, in acme"
    )


def test_what_a_scanner_quotes_of_a_secret_is_not_kept() -> None:
    assert "AKIA0123456789" not in json.dumps([one.document() for one in one_scan(TRIVY).findings])
    quoted = simple(
        locations=[{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"snippet": {"text": "hunter2"}}}}]
    )
    assert "hunter2" not in json.dumps(the_finding(quoted).document())


def test_codeql_keeps_its_rules_in_an_extension_and_its_files_in_a_list() -> None:
    scan = one_scan(CODEQL)
    assert (scan.target, scan.category) == ("https://git.example.org/acme/shop", "/language:python")
    (finding,) = scan.findings
    assert (finding.title, finding.place) == ("SQL query built from user-controlled sources", "src/store.py:40")
    assert (finding.weight, finding.score) == (Weight.HIGH, 8.8)


def test_codeql_says_by_its_fingerprint_that_a_finding_on_another_line_is_the_same() -> None:
    moved = json.loads(json.dumps(CODEQL))
    moved["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 77
    moved["results"][0]["message"]["text"] = "said in other words"
    assert [one.key for one in one_scan(moved).findings] == [one.key for one in one_scan(CODEQL).findings]


def test_the_fingerprint_that_semgrep_writes_without_an_account_is_none() -> None:
    first, second = one_scan(SEMGREP, target="shop").findings
    assert first.key != second.key
    assert {first.weight, second.weight} == {Weight.MEDIUM}


def test_lines_and_numbers_may_move() -> None:
    moved = simple(
        message={"text": "wrong at 99"},
        locations=[{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 99}}}],
    )
    assert the_finding(moved).key == the_finding(simple()).key
    assert the_finding(simple(ruleId="R2")).key != the_finding(simple()).key
    elsewhere = [{"physicalLocation": {"artifactLocation": {"uri": "b.py"}}}]
    assert the_finding(simple(locations=elsewhere)).key != the_finding(simple()).key


def test_what_nothing_tells_apart_is_one_finding_with_so_many_places() -> None:
    run = simple()
    run["results"] *= 3
    finding = the_finding(run)
    assert finding.places == 3
    assert finding.sentence == "medium: wrong at 12, in a.py:12 and 2 more places"


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({"level": "error"}, Weight.HIGH),
        ({"level": "note"}, Weight.LOW),
        ({"level": "none"}, Weight.LOW),
        ({}, Weight.MEDIUM),
        ({"level": "note", "properties": {"security-severity": "9.0"}}, Weight.CRITICAL),
        ({"level": "note", "properties": {"security-severity": 6.9}}, Weight.MEDIUM),
        ({"properties": {"security-severity": "0.0"}}, Weight.LOW),
        ({"level": "error", "properties": {"security-severity": "11"}}, Weight.HIGH),
        ({"level": "error", "properties": {"security-severity": "NaN"}}, Weight.HIGH),
        ({"level": "error", "properties": {"security-severity": True}}, Weight.HIGH),
    ],
)
def test_a_score_says_how_bad_it_is_else_its_level(changes: dict[str, Any], weight: Weight) -> None:
    assert the_finding(simple(**changes)).weight is weight


@pytest.mark.parametrize(
    ("changes", "found", "suppressed"),
    [
        ({"baselineState": "absent"}, 0, 0),
        ({"baselineState": "unchanged"}, 1, 0),
        ({"kind": "pass", "level": "none"}, 0, 0),
        ({"suppressions": []}, 1, 0),
        ({"suppressions": [{"kind": "inSource"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "underReview"}]}, 1, 0),
        ({"suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]}, 1, 0),
    ],
)
def test_what_is_gone_or_decided_is_no_finding(changes: dict[str, Any], found: int, suppressed: int) -> None:
    scan = one_scan(simple(**changes), target="shop")
    assert (len(scan.findings), scan.suppressed) == (found, suppressed)


def test_runs_of_one_tool_over_one_thing_are_one_scan_and_others_are_others() -> None:
    other = simple(ruleId="R2")
    failed = {**simple(ruleId="R3"), "invocations": [{"executionSuccessful": False}]}
    (scan,) = read_sarif(report(simple(), other, failed), CATALOGUE, target="shop")
    assert ([one.rule for one in scan.findings], scan.complete) == (["R1", "R2", "R3"], False)
    assert len(read_sarif(report(TRIVY, CODEQL), CATALOGUE)) == 2


def test_rules_without_results_are_no_scan_but_an_empty_list_is_one() -> None:
    rules = {"tool": {"driver": {"name": "Tool"}}}
    assert read_sarif(report(rules), CATALOGUE) == ()
    assert one_scan({**rules, "results": []}, target="shop").findings == ()


def test_a_target_that_the_sender_names_wins_and_a_component_stands_for_one() -> None:
    assert one_scan(TRIVY, target="the api").target == "the api"
    scan = one_scan(simple(), component="Web shop")
    assert (scan.target, scan.component) == ("Web shop", "Web shop")


def test_two_images_of_one_component_stay_two_targets() -> None:
    """Else each scan would end what the other has found."""
    other = {**TRIVY, "properties": {**TRIVY["properties"], "imageName": "acme/worker:2"}}
    scans = [one_scan(run, component="Web shop") for run in (TRIVY, other)]
    assert [one.component for one in scans] == ["Web shop", "Web shop"]
    assert scans[1].target == "acme/worker"
    assert scans[0].key != scans[1].key


def test_a_message_by_its_id_is_put_together() -> None:
    run = simple(message={"id": "default", "arguments": ["x", "y"]}, ruleIndex=0)
    rule = {"id": "R1", "messageStrings": {"default": {"text": "{0} is not {1}"}}}
    run["tool"]["driver"]["rules"] = [rule]
    assert the_finding(run).message == "x is not y"


def test_arguments_that_name_one_another_do_not_grow_a_message() -> None:
    """Put in one after another, these seven kilobytes would be 75²⁰ times as long."""
    bomb = [f"{{{place + 1}}}" * 75 for place in range(19)]
    finding = the_finding(simple(message={"text": "{0} {7} {x}", "arguments": bomb}))
    assert finding.message == f"{bomb[0][:300]} {bomb[7][:300]} {{x}}"


def test_what_is_said_of_a_secret_is_no_title_either() -> None:
    run = simple(message={"text": "password hunter2 in a file"}, properties={"tags": ["secret"]})
    finding = the_finding(run)
    assert "hunter2" not in finding.title + finding.message


def test_many_rules_and_many_results_are_read_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result looks its rule up, and does not walk through all of them."""
    run = simple()
    run["tool"]["driver"]["rules"] = [{"id": f"rule {number}"} for number in range(300)]
    run["results"] = [{"ruleId": f"other {number}", "message": {"text": "x"}} for number in range(300)]
    asked = 0
    text = Fields.text

    def counted(fields: Fields, name: str, default: str | None = None) -> str:
        nonlocal asked
        asked += name == "id"
        return text(fields, name, default)

    monkeypatch.setattr(Fields, "text", counted)
    assert len(one_scan(run, target="t").findings) == 300
    assert asked < 3000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"[1]", "a JSON object"),
        (b'{"version": "2.0.0", "runs": []}', "version is '2.0.0'"),
        (b'{"version": "2.1.0"}', "runs is missing"),
        (report({"results": []}), r"runs\[0\].tool is missing"),
        (report({"tool": {"driver": {}}, "results": []}), r"runs\[0\].tool.driver.name is missing"),
        (report(simple(ruleId=7)), r"runs\[0\].results\[0\].ruleId is 7"),
        (report(simple(ruleId="")), r"results\[0\].ruleId is ''"),
        (report(simple(level="bad")), r"results\[0\].level is 'bad'"),
        (report(simple(ruleIndex=-2)), r"results\[0\].ruleIndex is -2"),
        (report(simple(locations=[1])), r"locations\[0\] is 1: expected an object"),
        (report({**simple(), "results": [None]}), r"results\[0\] is null"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deep"),
    ],
)
def test_what_is_no_report_is_refused_by_name(body: bytes, told: str) -> None:
    with pytest.raises(WebhookRefused, match=told):
        read_sarif(body, CATALOGUE, target="shop")


def test_a_report_that_does_not_say_what_was_scanned_needs_a_target() -> None:
    with pytest.raises(WebhookRefused, match=r"'Tool'.* does not say what was scanned: say it, \?target=NAME"):
        read_sarif(report(simple()), CATALOGUE)


def test_what_is_too_much_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(WebhookRefused, match="values") as refused:
        read_sarif(b"[" + b"{}," * MOST_VALUES + b"{}]", CATALOGUE)
    assert refused.value.why == "too_large"
    with pytest.raises(WebhookRefused, match="expected at most 10485760"):
        read_sarif(b" " * (MOST_BYTES_OF_SCAN + 1), CATALOGUE)
    many = {**simple(), "results": [{"ruleId": "R", "message": {"text": "m"}}] * 10_001}
    with pytest.raises(WebhookRefused, match="10,001 findings"):
        read_sarif(report(many), CATALOGUE, target="shop")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_NAMES = ["ruleId", "rule", "message", "level", "locations", "suppressions", "properties", "fingerprints", "kind"]


@given(st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=5))
def test_whatever_a_result_holds_it_is_taken_or_refused(changes: dict[str, Any]) -> None:
    try:
        scan = one_scan(simple(**changes), target="shop")
    except WebhookRefused:
        return
    assert all(one.rule and Finding.from_document(json.loads(json.dumps(one.document()))) for one in scan.findings)
