"""SARIF 2.1.0, the format in which scanners write what they found: Trivy, CodeQL, Semgrep, Grype, ZAP and others.

A run of it is a scan: a set, by its tool and what was scanned.  A finding is the same in the next scan where the
scanner says so by its fingerprint; else by its rule, its file, what surrounds it there and what is said of it without
numbers, and never by its line, which moves with each edit.  The source text that a scanner quotes is not kept: it may
be the password that it found.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from actinf.errors import WebhookRefused
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.intake.scan import Finding, Scan, Weight
from actinf.responder.intake.untrusted import Fields, read_object

__all__ = ["MOST_BYTES_OF_SCAN", "MOST_FINDINGS", "read_sarif"]

#: The largest report that is read; Trivy's for an image with 3,500 findings has 9 MiB.
MOST_BYTES_OF_SCAN = 10 * 2**20
#: Findings in one report.
MOST_FINDINGS = 10_000
#: Values in one report.  A report of 10 MiB has a third of that; hostile ones of that size would take ten times its
#: memory.
MOST_VALUES = 500_000
_SMALLER = "send a report for each target, or let the scanner leave out what is not severe"
_MOST_RUNS = 20
_MOST_PLACES = 1000
_LONGEST_LINE = 300
_LONGEST_NAME = 200

_LEVELS = {"error": Weight.HIGH, "warning": Weight.MEDIUM, "note": Weight.LOW, "none": Weight.LOW}
_WEIGHTS = {weight: place for place, weight in enumerate(Weight)}
_MOST_ARGUMENTS = 20
_PLACE_OF_ARGUMENT = re.compile(r"\{([0-9]{1,2})\}")
_TAG = re.compile(r"(@sha256:[0-9a-f]+|:[\w.-]+)$")


def read_sarif(body: bytes, catalogue: Catalogue, *, target: str = "", component: str = "") -> tuple[Scan, ...]:
    """Read a report.

    Args:
        body: of the request, or the file.
        catalogue: which parts of the system there are.
        target: what was scanned; "": what the report says, an image or a repository.
        component: the part of the system that it is, by any of its names; "": the one that is called as the target is.

    Returns:
        A scan for each tool and target; none where the report holds the rules of a tool and no results.

    Raises:
        WebhookRefused: it is no such report, too large a one, or does not say what was scanned.
    """
    _bound_values(body)
    fields = read_object(body, "a report in SARIF 2.1.0", most_bytes=MOST_BYTES_OF_SCAN)
    if fields.values.get("version") != "2.1.0":
        fields.refuse("version", "'2.1.0', the version of SARIF that is read")
    if not isinstance(fields.values.get("runs"), list):
        fields.refuse("runs", "a list of runs")
    scans: dict[str, Scan] = {}
    for fields_of_run in fields.list_of("runs", _MOST_RUNS):
        scan = _Run(fields_of_run).scan(catalogue, _short(target), _short(component))
        if scan is not None:
            scans[scan.key] = _joined(scans[scan.key], scan) if scan.key in scans else scan
    found = sum(len(scan.findings) for scan in scans.values())
    if found > MOST_FINDINGS:
        raise _too_many(found)
    return tuple(scans.values())


def _bound_values(body: bytes) -> None:
    values = body.count(b",") + body.count(b"[") + body.count(b"{")
    if len(body) <= MOST_BYTES_OF_SCAN and values > MOST_VALUES:
        raise WebhookRefused(
            f"the report has {values:,} values: expected at most {MOST_VALUES:,}; {_SMALLER}",
            status=413,
            why="too_large",
        )


def _too_many(found: int) -> WebhookRefused:
    return WebhookRefused(
        f"the report has {found:,} findings: expected at most {MOST_FINDINGS:,}; {_SMALLER}",
        status=413,
        why="too_large",
    )


class _Rules:
    """The rules of a tool, or of an extension of it."""

    def __init__(self, in_order: Sequence[Fields]):
        self._in_order = in_order
        self._named: dict[str, Fields] = {}
        for rule in in_order:
            self._named.setdefault(rule.text("id", ""), rule)

    def find(self, name: str, index: int | None) -> Fields | None:
        """The rule of that name, or at that place; a name may go on after the rule's own: CA1000/2."""
        if index is not None and index < len(self._in_order):
            rule = self._in_order[index]
            known = rule.text("id", "")
            if not name or name == known or name.startswith(f"{known}/"):
                return rule
        return self._named.get(name) if name else None


class _Run:
    """One run: what a tool did once."""

    def __init__(self, fields: Fields):
        self._fields = fields
        tool = fields.nested("tool")
        driver = tool.nested("driver")
        self._tool = _short(driver.text("name"))
        self._rules = tuple(
            _Rules(one.list_of("rules", MOST_FINDINGS)) for one in (driver, *tool.list_of("extensions", 200))
        )
        self._artifacts = fields.list_of("artifacts", 100_000)

    def scan(self, catalogue: Catalogue, target: str, component: str) -> Scan | None:
        """What it found; None: it holds no results, not even none."""
        if not self._fields.has("results"):
            return None
        if len(results := self._fields.list_of("results", 10 * MOST_FINDINGS)) > MOST_FINDINGS:
            raise _too_many(len(results))
        # The component comes last: two images of one part are two things, and each scan ends what its own has not.
        target = target or self._said_target() or component
        if not target:
            raise WebhookRefused(
                f"{self._fields.path('tool')} is {self._tool!r}, and its report does not say what was scanned: say it, "
                "?target=NAME or --target NAME, the same for each scan of that thing"
            )
        found: dict[str, Finding] = {}
        accepted: dict[str, Finding] = {}
        suppressed = 0
        for result in results:
            if not _counts(result):
                continue
            finding, there = self._finding(result), found
            if _is_suppressed(result):
                suppressed, there = suppressed + 1, accepted
            there[finding.key] = _same(there[finding.key], finding) if finding.key in there else finding
        return Scan(
            tool=self._tool,
            target=target,
            category=self._category(),
            component=component or _component(catalogue, target),
            findings=_worst_first(found.values()),
            accepted=_accepted(accepted, found),
            suppressed=suppressed,
            complete=all(one.values.get("executionSuccessful") is not False for one in self._invocations()),
        )

    def _invocations(self) -> list[Fields]:
        return self._fields.list_of("invocations", 1000)

    def _said_target(self) -> str:
        """What was scanned, by what is said of the run: its findings do not say it where there are none."""
        image = _object(self._fields, "properties").values.get("imageName")
        if isinstance(image, str) and image.strip():
            return _short(_TAG.sub("", _TAG.sub("", image.strip())))
        for origin in self._fields.list_of("versionControlProvenance", 100):
            if repository := origin.text("repositoryUri", ""):
                return _short(repository.removesuffix("/").removesuffix(".git"))
        return ""

    def _category(self) -> str:
        """Which of several scans it is; what comes after the last stroke names the single run."""
        said = _object(self._fields, "automationDetails").text("id", "")
        return _short(said.rpartition("/")[0] if "/" in said else said)

    def _finding(self, result: Fields) -> Finding:
        name, rule = self._rule(result)
        score = _score(result, rule)
        message = self._message(result, rule)
        place, identity = self._place(result)
        is_secret = "secret" in {tag.lower() for tag in _tags(result, rule)}
        stated = _fingerprints(result)
        # Without its own fingerprint what is said tells two packages of one file apart; numbers in it change.
        said = stated or [*identity[1:], re.sub(r"\d+", "0", _line(message))]
        return Finding(
            key=hashlib.sha256(json.dumps([name, identity[0], *said]).encode()).hexdigest()[:32],
            rule=name,
            # The first line of what is said may hold the password as well.
            title=_title(rule, "" if is_secret else message),
            place=place,
            weight=_LEVELS[self._level(result, rule)] if score is None else Weight.of_score(score),
            score=score,
            message="" if is_secret else message,
            link=rule.text("helpUri", "") or _linked(rule),
        )

    def _rule(self, result: Fields) -> tuple[str, Fields]:
        """The name of the rule that a result is about, and what is said of it."""
        reference = _object(result, "rule")
        name = result.text("ruleId", "") or reference.text("id", "")
        index = result.count("ruleIndex") if _is_index(result, "ruleIndex") else None
        if index is None and _is_index(reference, "index"):
            index = reference.count("index")
        of = _object(reference, "toolComponent")
        extension = of.count("index") if _is_index(of, "index") else None
        where = self._rules if extension is None else self._rules[extension + 1 : extension + 2]
        found = next((rule for rules in where if (rule := rules.find(name, index)) is not None), None)
        if found is None and not name:
            result.refuse("ruleId", "the name of the rule that was broken, or ruleIndex of one of the tool's rules")
        rule = found or Fields({}, "")
        return _short(name or rule.text("id", "") or "a rule without a name"), rule

    def _message(self, result: Fields, rule: Fields) -> str:
        message = _object(result, "message")
        text = message.text("text", "")
        if not text and (name := message.text("id", "")):
            text = _object(_object(rule, "messageStrings"), name).text("text", "")
        given = message.values.get("arguments")
        if isinstance(given, list) and given:
            # In one pass: an argument that holds places of others would grow with each of them.
            arguments = [str(one)[:_LONGEST_LINE] for one in given[:_MOST_ARGUMENTS]]
            text = _PLACE_OF_ARGUMENT.sub(
                lambda place: arguments[int(place[1])] if int(place[1]) < len(arguments) else place[0], text
            )
        return Fields({"text": text}, "").text("text", "").strip()

    def _level(self, result: Fields, rule: Fields) -> str:
        usual = _object(rule, "defaultConfiguration").text("level", "warning")
        return result.one_of("level", tuple(_LEVELS), usual if usual in _LEVELS else "warning")

    def _place(self, result: Fields) -> tuple[str, list[str]]:
        """Where a finding is, as it is told; and its file, and what tells it from others in there."""
        for location in result.list_of("locations", _MOST_PLACES):
            physical = _object(location, "physicalLocation")
            uri = self._uri(_object(physical, "artifactLocation"))
            region = _object(physical, "region")
            logical = [
                one.text("name", "") or one.text("fullyQualifiedName", "")
                for one in location.list_of("logicalLocations", 100)
            ]
            place = uri or next(filter(None, logical), "")
            line = region.values.get("startLine")
            told = f"{place}:{line}" if isinstance(line, int) and line > 1 and place else place
            quoted = _object(region, "snippet").values.get("text")
            around = hashlib.sha256(quoted.encode("utf-8", "replace")).hexdigest() if isinstance(quoted, str) else ""
            return _line(told), [uri, *logical, around]
        return "", [""]

    def _uri(self, artifact: Fields) -> str:
        uri = artifact.text("uri", "")
        index = artifact.count("index") if not uri and _is_index(artifact, "index") else None
        if index is not None and index < len(self._artifacts):
            return _object(self._artifacts[index], "location").text("uri", "")
        return uri


def _counts(result: Fields) -> bool:
    """Whether a result says that something is wrong, and was so in this scan."""
    kind = result.text("kind", "fail")
    return kind == "fail" and result.text("baselineState", "") != "absent"


def _is_suppressed(result: Fields) -> bool:
    """Whether somebody has decided to live with it: one that is still thought over, or was refused, is no decision."""
    suppressions = result.list_of("suppressions", 100)
    states = {one.text("status", "accepted") for one in suppressions}
    return bool(suppressions) and not states & {"underReview", "rejected"}


def _fingerprints(result: Fields) -> list[str]:
    """The scanner's own names for a finding; what holds a blank is a word to people, as Semgrep's "requires login"."""
    for name in ("fingerprints", "partialFingerprints"):
        given = result.values.get(name)
        if not isinstance(given, dict):
            continue
        stated = [f"{key}={value}" for key, value in sorted(given.items()) if isinstance(value, str) and value]
        if kept := [one for one in stated if " " not in one][:20]:
            return [one[:_LONGEST_LINE] for one in kept]
    return []


def _score(*stated: Fields) -> float | None:
    """The CVSS score that a result has, else its rule."""
    for fields in stated:
        said = _object(fields, "properties").values.get("security-severity")
        try:
            score = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else -1.0
        except (ValueError, OverflowError):
            continue
        if 0 <= score <= 10:
            return score
    return None


def _tags(*stated: Fields) -> Iterator[str]:
    for fields in stated:
        tags = _object(fields, "properties").values.get("tags")
        yield from (tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _title(rule: Fields, message: str) -> str:
    """What a rule is about; where it does not say, what is said of the finding."""
    for name in ("shortDescription", "fullDescription"):
        if text := _line(_object(rule, name).text("text", "")):
            return text
    return _line(message) or _line(rule.text("name", ""))


def _linked(rule: Fields) -> str:
    """The first address in the help of a rule that has no address of its own."""
    found = re.search(r"https://[^\s)>\]\"'|]+", _object(rule, "help").text("text", ""))
    return found[0] if found else ""


def _component(catalogue: Catalogue, target: str) -> str:
    """The part of the system that a target is: by its whole name, or the end of its path."""
    path = re.sub(r"^[a-z+]+://", "", target).split("/")
    names = ["/".join(path[start:]) for start in range(min(len(path), 20))]
    found = next((part for name in (target, *names) if (part := catalogue.find(name)) is not None), None)
    return target if found is None else found.key


def _same(one: Finding, other: Finding) -> Finding:
    worst = min(one, other, key=lambda finding: _WEIGHTS[finding.weight])
    return replace(worst, places=one.places + other.places)


def _joined(one: Scan, other: Scan) -> Scan:
    """Two runs of a tool over one thing are one scan."""
    found = {finding.key: finding for finding in one.findings}
    for finding in other.findings:
        found[finding.key] = _same(found[finding.key], finding) if finding.key in found else finding
    return replace(
        one,
        findings=_worst_first(found.values()),
        accepted=_accepted({finding.key: finding for finding in one.accepted + other.accepted}, found),
        suppressed=one.suppressed + other.suppressed,
        complete=one.complete and other.complete,
    )


def _accepted(accepted: Mapping[str, Finding], found: Mapping[str, Finding]) -> tuple[Finding, ...]:
    """What is accepted wherever it is: where one place of it is not, it is there."""
    return _worst_first(finding for key, finding in accepted.items() if key not in found)


def _worst_first(findings: Any) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda one: (_WEIGHTS[one.weight], -(one.score or 0), one.rule, one.key)))


def _object(fields: Fields, name: str) -> Fields:
    """An object; an empty one where there is none."""
    return fields.nested(name) if fields.has(name) else Fields({}, fields.path(name))


def _is_index(fields: Fields, name: str) -> bool:
    """Whether there is an index: −1 is how SARIF says that there is none."""
    return fields.has(name) and fields.values[name] != -1


def _line(text: str) -> str:
    """The first line of a text, not too long."""
    first = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= _LONGEST_LINE else f"{first[:_LONGEST_LINE]}…"


def _short(text: str) -> str:
    """A name: one line without what cannot be stored."""
    cleaned = " ".join(Fields({"text": text}, "").text("text", "").split())
    return cleaned[:_LONGEST_NAME]
