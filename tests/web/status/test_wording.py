"""The sentence that says how the whole service works."""

from dataclasses import replace

import pytest
from support.status_page import calm, component

from actinf.responder.publishing.page import PublicPage, Working
from actinf.web.status.wording import sentence, share


def page(*workings: Working) -> PublicPage:
    """A page of parts that work like this."""
    parts = tuple(component(str(at), f"Part {at}", how) for at, how in enumerate(workings, 1))
    worst = max(workings, key=lambda how: how.gravity, default=Working.OPERATIONAL)
    return replace(calm(), working=worst, components=parts)


GOOD, SLOW, BAD = Working.OPERATIONAL, Working.DEGRADED, Working.MAJOR_OUTAGE


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (page(GOOD, GOOD), "Everything is working."),
        (page(), "No problems are known."),
        (page(SLOW, GOOD), "There are problems with Part 1."),
        (page(BAD, SLOW, BAD), "There is a major outage of Part 1 and Part 3."),
        (page(BAD, BAD), "There is a major outage of the whole service."),
        (page(BAD), "There is a major outage of Part 1."),
        (page(BAD, BAD, BAD, BAD, GOOD), "There is a major outage of 4 of the 5 parts of the service."),
        (page(Working.MAINTENANCE, GOOD), "Planned work is under way on Part 1."),
        (page(Working.PARTIAL_OUTAGE, GOOD), "There is a partial outage of Part 1."),
        (replace(page(), working=BAD), "There is a major outage of the service."),
        (replace(page(GOOD, SLOW), working=BAD), "There is a major outage of the service."),
    ],
)
def test_it_says_how_the_whole_works(shown: PublicPage, said: str) -> None:
    assert sentence(shown) == said


@pytest.mark.parametrize(("part", "said"), [(1.0, "100 %"), (0.9999999, "99.99 %"), (0.57, "57.00 %"), (0.0, "0.00 %")])
def test_a_share_is_never_rounded_up(part: float, said: str) -> None:
    assert share(part) == said
