"""Schedules as text: what is refused, and with which words."""

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.duties import EXAMPLE, example

from actinf.errors import SettingError
from actinf.responder.oncall.document import LEVEL_NAMES
from actinf.responder.oncall.rotation import Schedule

LEVEL_1 = "{members: [ada, bob, cyd], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}"
OVERRIDE = "overrides: [{level: 1, who: bob, from: 2026-04-01 09:00, until: 2026-04-02 09:00, by: ada, why: ill}]\n"
LAYERS = LEVEL_1.removeprefix("{").removesuffix("}")

REFUSED = {
    "rotation-without-people": (("members: [ada, bob, cyd]", "members: []"), "levels[0].members is an empty list"),
    "no-levels": (
        (EXAMPLE[EXAMPLE.index("levels:") : EXAMPLE.index("duties")], "levels: []\n"),
        "levels is an empty list",
    ),
    "no-layers": ((LEVEL_1, "{layers: []}"), "levels[0].layers is an empty list: expected a list of rotations"),
    "overlapping-rotations": (
        (LEVEL_1, f"{{layers: [{{{LAYERS}}}, {{{LAYERS}}}]}}"),
        "layers 1 and 2 of 'Primary DevOps Engineer' overlap from 2026-01-05T08:00:00+00:00",
    ),
    "overlapping-rotations-of-the-same-hours": (
        (LEVEL_1, "{layers: [{members: [ada], only: {closes: 12:00}}, {members: [bob], only: {closes: 12:00}}]}"),
        "layers 1 and 2",
    ),
    "no-restriction": ((LEVEL_1, "{members: [ada], only: {}}"), "levels[0]: only names all hours of all days"),
    "stranger": (("[ada, bob, cyd]", "[ada, bop, cyd]"), "levels[0].members[1] is 'bop': expected somebody who stands"),
    "stranger-meant": (("[ada, bob, cyd]", "[ada, bop, cyd]"), "did you mean 'bob'?"),
    "no-shift": (
        ("shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}\n  - {members: [bob", "}\n  - {members: [bob"),
        "levels[0] has no shift, hand_off, starts",
    ),
    "shift-of-nothing": (
        ("[ada, bob, cyd], shift: 1 week", "[ada, bob, cyd], shift: 0 days"),
        "levels[0].shift is '0 days'",
    ),
    "shift-too-long": (
        ("[ada, bob, cyd], shift: 1 week", "[ada, bob, cyd], shift: 53 weeks"),
        "shift is 371 days: expected 1 to",
    ),
    "weeks-without-a-weekday": (
        ("[ada, bob, cyd], shift: 1 week, hand_off: monday 09:00", "[ada, bob, cyd], shift: 1 week, hand_off: 09:00"),
        "levels[0].hand_off is '09:00': expected a day of the week before the time",
    ),
    "days-with-a-weekday": (
        ("[ada, bob, cyd], shift: 1 week", "[ada, bob, cyd], shift: 3 days"),
        "expected only a time",
    ),
    "start-on-another-weekday": (
        (LEVEL_1, LEVEL_1.replace("01-05", "01-07")),
        "levels[0].starts is '2026-01-07': expected a Monday, as the hand-off says, and it is a Wednesday: "
        "write 2026-01-05 or 2026-01-12",
    ),
    "end-before-start": (
        (LEVEL_1, LEVEL_1[:-1] + ", ends: 2026-01-05}"),
        "ends is 2026-01-05: expected a date after the",
    ),
    "a-date-that-is-none": (
        (LEVEL_1, LEVEL_1.replace("2026-01-05", "2026-02-29")),
        "expected a date that the calendar has",
    ),
    "a-year-too-early": ((LEVEL_1, LEVEL_1.replace("2026-01-05", "1960-01-04")), "expected a year 1970 to 2999"),
    "no-zone": (("zone: Europe/Berlin\n", ""), "the schedule has no 'zone': add it"),
    "unknown-zone": (("Europe/Berlin", "Europe/Berlim"), "did you mean 'Europe/Berlin'?"),
    "unknown-key": (("duties:", "dutys:"), "the schedule has the key 'dutys': expected one of"),
    "unknown-key-of-a-level": ((LEVEL_1, LEVEL_1[:-1] + ", until: x}"), "levels[0] has the key 'until'"),
    "the-cto-as-a-duty": (
        ("legal: eve", "cto: eve"),
        "duties has the key 'cto': expected one of 'security', 'legal'; the CTO is level 4",
    ),
    "no-people": (
        (EXAMPLE[EXAMPLE.index("people:") : EXAMPLE.index("levels")], "people: {}\n"),
        "people is an empty mapping",
    ),
    "nameless-person": (("ada: {name: Ada Lovelace, ", "ada: {"), "people.ada has no 'name': add it"),
    "handle-with-capitals": (
        ("  ada: {", "  Ada: {"),
        "people.Ada: handle is 'Ada': expected at most 64 small letters",
    ),
    "address-that-is-none": (
        ("ada@example.org", "ada.example.org"),
        "people.ada: email is 'ada.example.org': expected an",
    ),
    "number-without-country": (("+49 30 1234567", "030 1234567"), "phone is '030 1234567': expected a number with the"),
    "name-of-two-lines": (("Ada Lovelace", '"Ada\\nLovelace"'), "name is 'Ada\\nLovelace': expected one line"),
    "name-that-turns-around": (("Ada Lovelace", '"Ada \\u202E"'), "none of them a control character"),
    "hours-across-midnight": (
        ('closes: "17:00"', 'closes: "06:00"'),
        "business_hours: closes is 06:00 and opens is 09:00",
    ),
    "an-hour-that-is-none": (
        ('opens: "09:00"', 'opens: "25:00"'),
        "business_hours.opens is '25:00': expected a time of day",
    ),
    "opening-at-the-end": (('opens: "09:00"', 'opens: "24:00"'), "business_hours.opens is '24:00'"),
    "no-weekday": (
        ("opens:", "weekdays: [mon], opens:"),
        "business_hours.weekdays[0] is 'mon': expected one of 'monday'",
    ),
    "override-that-is-empty": (("duties:", OVERRIDE.replace("04-02", "04-01") + "duties:"), "overrides[0]: until is"),
    "override-of-no-level": (
        ("duties:", OVERRIDE.replace("level: 1", "level: 7") + "duties:"),
        "overrides[0].level is '7'",
    ),
    "override-by-nobody": (
        ("duties:", OVERRIDE.replace(", by: ada", "") + "duties:"),
        "overrides[0] has no 'by': add it",
    ),
    "override-at-no-time": (
        ("duties:", OVERRIDE.replace("09:00, until", "33:00, until") + "duties:"),
        "overrides[0].from is",
    ),
}


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_with_its_line_its_place_and_what_was_expected(change: tuple[str, str], told: str) -> None:
    assert change[0] in EXAMPLE
    text = EXAMPLE.replace(*change)
    with pytest.raises(SettingError) as refused:
        Schedule.from_text(text, "team.yaml")
    lines = str(refused.value).splitlines()
    assert all(line.startswith("team.yaml:") for line in lines)
    assert told in str(refused.value)


def test_all_mistakes_are_told_at_once_by_line() -> None:
    text = EXAMPLE.replace("Berlin", "Berlim").replace("[ada, bob, cyd]", "[bop]").replace("legal: eve", "legal: adam")
    with pytest.raises(SettingError) as refused:
        Schedule.from_text(text, "team.yaml")
    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [
        "team.yaml:1",
        "team.yaml:10",
        "team.yaml:14",
    ]


def test_after_a_hundred_mistakes_the_reading_ends() -> None:
    document = yaml.safe_load(EXAMPLE.replace('"', ""))
    document["people"] |= {f"p{number}": {"name": ""} for number in range(1000)}
    with pytest.raises(SettingError) as refused:
        Schedule.from_document(document)
    assert "after 100 mistakes the rest was not read" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 101


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "t:1: the schedule is nothing: expected a mapping"),
        ("- 1", "t:1: the schedule is a list of 1: expected a mapping"),
        ("a: [", "t:1: the text is no YAML"),
        ("a: 1\na: 2", "t:2: the key 'a' stands here twice"),
        ("a: &x 1\nb: *x", "t:1: anchors (&) and aliases (*) are not read here"),
        ("a: !!python/object:os.system 1", "t:1: the tag 'tag:yaml.org,2002:python/object:os.system' is not read"),
        ("[a, b]: 1", "t:1: a key is a list or a mapping"),
        ("a: 1\n---\nb: 2", "t:3: a second document begins"),
        ("[" * 100 + "]" * 100, "t:1: the values are nested more than 16 deep"),
        ("a: \x07", "t:1: the text is no YAML"),
        ("#" * 1_000_001, "t: the text has 1,000,001 characters"),
    ],
    ids=["empty", "list", "broken", "twice", "alias", "tag", "key", "documents", "deep", "control", "long"],
)  # fmt: skip
def test_a_text_that_is_no_schedule_is_refused(text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        Schedule.from_text(text, "t")
    assert str(refused.value).startswith(told)


def test_a_time_that_yaml_took_for_a_number_is_refused_with_the_remedy() -> None:
    document = yaml.safe_load(EXAMPLE.replace('"17:00"', "17:00"))
    with pytest.raises(SettingError, match=r"business_hours.closes is 1020: .*write it in quotes"):
        Schedule.from_document(document)


def test_dates_that_yaml_took_for_dates_are_read() -> None:
    assert Schedule.from_document(yaml.safe_load(EXAMPLE)) == example()


def test_levels_without_a_name_have_those_of_the_runbook() -> None:
    assert tuple(post.name for post in example().levels) == LEVEL_NAMES


def test_a_time_without_an_offset_is_local_and_one_with_an_offset_is_not() -> None:
    (local,) = example(("duties:", OVERRIDE + "duties:")).overrides
    assert local.since == datetime.fromisoformat("2026-04-01T07:00:00Z")
    (told,) = example(("duties:", OVERRIDE.replace("01 09:00", "01T09:00:00Z") + "duties:")).overrides
    assert told.since == datetime.fromisoformat("2026-04-01T09:00:00Z")


def test_two_exceptions_with_one_number_at_one_time_are_refused() -> None:
    two = OVERRIDE.replace("]", ", " + OVERRIDE[OVERRIDE.index("{") :].strip()).replace(
        "level: 1", "number: 3, level: 1"
    )
    with pytest.raises(SettingError, match="exceptions 3 and 3 overlap with the same number"):
        example(("duties:", two + "duties:"))


FULL = EXAMPLE.replace(
    LEVEL_1,
    f"""{{name: Front, layers: [
      {{members: [ada], only: {{weekdays: [saturday], opens: 08:00, closes: 24:00, holidays: [2026-05-01]}}}},
      {{members: [eve, fay], shift: 3 days, hand_off: 07:30, starts: 2026-02-03, zone: America/New_York,
        only: {{opens: 10:00, closes: 18:00}}}},
      {{members: [bob], only: {{zone: Asia/Tokyo, closes: 12:00}}, ends: 2027-01-01}},
      {{{LAYERS.replace("1 week", "2 weeks")}, ends: 2026-06-01}},
      {{members: [bob], starts: 2026-06-01, shift: 1 day, hand_off: 09:00}}]}}""",
) + OVERRIDE  # fmt: skip


@pytest.mark.parametrize("text", [EXAMPLE, FULL], ids=["example", "everything"])
def test_a_document_makes_the_same_schedule_again(text: str) -> None:
    schedule = Schedule.from_text(text)
    now = datetime.fromisoformat("2026-03-18T12:00:00Z")
    schedule = schedule.take(2, "eve", by="fay", why="ill: 'y', \"z\" # no", made=now)
    schedule = schedule.swap(
        2,
        datetime.fromisoformat("2026-03-25T00:00:00Z"),
        datetime.fromisoformat("2026-04-01T00:00:00.123Z"),
        by="bob",
        made=now,
    )
    assert Schedule.from_document(schedule.document()) == schedule
    assert Schedule.from_text(yaml.safe_dump(schedule.document(), sort_keys=False, allow_unicode=True)) == schedule


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["zone", "people", "levels", "members", "only", "name", "overrides", "layers", "ada"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(["zone", "business_hours", "people", "levels", "duties", "overrides"]), _VALUES)
def test_whatever_stands_in_a_document_is_read_or_refused(key: str, value: object) -> None:
    with suppress(SettingError):
        schedule = Schedule.from_document({**example().document(), key: value})
        assert Schedule.from_document(schedule.document()) == schedule


def test_the_hour_from_which_a_day_is_over_is_written_as_24_00() -> None:
    whole = example(('opens: "09:00", closes: "17:00"', "weekdays: [sunday], closes: 24:00"))
    assert whole.business_hours.holidays == {date(2026, 12, 25)}
    assert whole.document()["business_hours"] == {
        "weekdays": ["sunday"],
        "opens": "09:00",
        "closes": "24:00",
        "holidays": ["2026-12-25"],
    }


def test_the_documented_form_is_read() -> None:
    from actinf.responder.oncall import document

    page = Path(document.__file__).read_text(encoding="utf-8").split('"""')[1]
    lines = [line.removeprefix("    ") for line in page.splitlines() if line.startswith("    ")]
    assert len(Schedule.from_text("\n".join(lines)).overrides) == 1
