"""When a responder counts as dead, and what is told of it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actinf.responder.watch.looking import Seen
from actinf.responder.watch.outage import News, Notice, Patience, Standing, after, decides_at

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATIENCE = Patience()
WELL, DEAD = Seen(well=True, answers=True), Seen(well=False, answers=False, why="cannot be reached")


def told(looks: list[tuple[float, Seen]], patience: Patience = PATIENCE) -> list[Notice]:
    """What is told of looks, each with its second."""
    standing, notices = Standing(well_at=T0), []
    for second, seen in looks:
        standing, notice = after(standing, seen, T0 + timedelta(seconds=second), patience)
        if notice is not None:
            notices.append(notice)
    return notices


def test_a_silence_is_told_when_it_has_lasted_and_its_end() -> None:
    looks = [(15.0 * n, DEAD) for n in range(1, 8)] + [(120, WELL), (135, WELL), (150, WELL)]
    first, last = told(looks)
    assert (first.news, first.number, first.since, first.at) == (News.DEAD, 1, T0, T0 + timedelta(seconds=90))
    assert (last.news, last.number, last.at) == (News.BACK, 2, T0 + timedelta(seconds=135))


def test_a_short_silence_is_not_told() -> None:
    assert told([(15, DEAD), (75, DEAD), (89, DEAD), (90, WELL), (170, DEAD), (179, DEAD), (180, WELL)]) == []


def test_it_is_told_again_while_it_lasts() -> None:
    news = told([(60.0 * n, DEAD) for n in range(1, 50)])
    assert [(one.news, one.number) for one in news] == [
        (News.DEAD, 1),
        (News.STILL, 2),
        (News.STILL, 3),
        (News.STILL, 4),
    ]
    assert {b.at - a.at for a, b in pairwise(news)} == {timedelta(minutes=15)}
    assert {one.since for one in news} == {T0}


def test_one_that_answers_now_and_then_is_not_back_each_time() -> None:
    looks = [(60.0 * n, WELL if n % 2 else DEAD) for n in range(2, 20)]
    assert [one.news for one in told([(100, DEAD), *looks])] == [News.DEAD, News.STILL]


def test_what_is_told_says_whether_it_answers() -> None:
    still = Seen(well=False, answers=True, why="answers, but this stands still: pulse")
    (notice,) = told([(90, still)])
    assert (notice.answers, notice.why) == (True, "answers, but this stands still: pulse")


def test_the_look_that_decides_is_known_beforehand() -> None:
    standing, _ = after(Standing(well_at=T0), WELL, T0 + timedelta(seconds=7), PATIENCE)
    assert decides_at(standing, PATIENCE) == T0 + timedelta(seconds=97)
    standing, notice = after(standing, DEAD, T0 + timedelta(seconds=97), PATIENCE)
    assert notice is not None
    assert decides_at(standing, PATIENCE) is None


@given(st.lists(st.tuples(st.floats(0.1, 400), st.booleans()), max_size=60))
def test_notices_alternate_and_are_named_once(steps: list[tuple[float, bool]]) -> None:
    second, looks = 0.0, []
    for wait, well in steps:
        second += wait
        looks.append((second, WELL if well else DEAD))
    news = told(looks)
    assert len({(one.since, one.number) for one in news}) == len(news)
    last = News.BACK
    for one in news:
        assert (one.news is News.DEAD) == (last is News.BACK)
        assert one.news is News.BACK or one.at - one.since >= PATIENCE.silent
        last = one.news
