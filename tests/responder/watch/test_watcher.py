"""The watcher tells each outage once, by each channel, whatever ends in between."""

import json
from pathlib import Path

import pytest
from support.responding import WritingChannel

from actinf.errors import ChannelRefused, ChannelTrouble
from actinf.responder.channels.port import Delivery, Message
from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.watch.looking import Seen
from actinf.responder.watch.memory import Memory
from actinf.responder.watch.outage import Patience
from actinf.responder.watch.watcher import Watcher

URL = "http://responder:8070"
WELL, DEAD = Seen(well=True, answers=True), Seen(well=False, answers=False, why="cannot be reached")


class Dies(BaseException):
    """The process is killed."""


class Killing(WritingChannel):
    """A channel in which the process dies, after the provider has the message."""

    dies = True

    def send(self, message: Message) -> Delivery:
        delivery = super().send(message)
        if self.dies:
            raise Dies
        return delivery


class Bench:
    """A watcher that is started again and again on the same folder, and a clock that is set by hand."""

    def __init__(self, folder: Path, *channels: WritingChannel):
        self.folder = folder
        self.channels = channels or (WritingChannel(),)
        self.seen = DEAD
        self.now = 1_795_000_000.0
        self.watcher = self.started()

    def started(self, url: str = URL) -> Watcher:
        memory = Memory(self.folder, url)
        clock = SteadyClock(memory.recall().clock, wall=lambda: self.now, count=lambda: self.now, run="one")
        return Watcher(
            lambda: self.seen, self.channels, memory, host="responder:8070", every=15, patience=Patience(), clock=clock
        )

    def passes(self, seconds: float) -> None:
        for _ in range(int(seconds // 15)):
            self.now += 15
            self.watcher.once()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def subjects(channel: WritingChannel) -> list[str]:
    return [message.subject for message in channel.sent]


def test_it_tells_an_outage_and_its_end_once(bench: Bench) -> None:
    bench.passes(300)
    bench.seen = WELL
    bench.passes(300)
    (paper,) = bench.channels
    assert subjects(paper) == [
        "The incident responder does not answer: nobody is paged",
        "The incident responder is back, after 5 min",
    ]
    assert paper.kinds == ["page", "resolved"]
    assert dict(paper.sent[0].fields)["Seen"] == "it cannot be reached"


def test_after_a_restart_it_goes_on_where_it_was(bench: Bench) -> None:
    bench.passes(90)
    for _ in range(5):
        bench.watcher = bench.started()
        bench.passes(120)
    (paper,) = bench.channels
    assert len(paper.sent) == 1
    bench.passes(300)
    assert subjects(paper)[1:] == ["The incident responder still does not answer, for 16 min: nobody is paged"]
    bench.watcher = bench.started()
    bench.seen = WELL
    bench.passes(60)
    assert paper.kinds == ["page", "page", "resolved"]
    assert len({message.key for message in paper.sent}) == 3


def test_a_restart_gives_the_responder_its_time_anew(bench: Bench) -> None:
    bench.passes(75)
    bench.watcher = bench.started()
    bench.passes(75)
    assert bench.channels[0].sent == []


@pytest.mark.parametrize(("takes_key", "marked"), [(False, "Possible duplicate: "), (True, "")])
def test_what_was_under_way_when_it_died_is_sent_again_and_marked(tmp_path: Path, takes_key: bool, marked: str) -> None:
    channel = Killing(takes_key=takes_key)
    bench = Bench(tmp_path, channel)
    with pytest.raises(Dies):
        bench.passes(90)
    channel.dies = False
    bench.watcher = bench.started()
    bench.passes(60)
    first, second = channel.sent
    assert (second.key, second.subject) == (first.key, marked + first.subject)


def test_what_a_channel_does_not_take_is_tried_again_and_by_no_other(tmp_path: Path) -> None:
    ill, other = WritingChannel(name="ill"), WritingChannel(name="other")
    ill.fails = [ChannelTrouble("no", may_have_arrived=False), ChannelTrouble("no", may_have_arrived=True)]
    bench = Bench(tmp_path, ill, other)
    bench.passes(180)
    assert subjects(ill) == ["Possible duplicate: The incident responder does not answer: nobody is paged"]
    assert subjects(other) == ["The incident responder does not answer: nobody is paged"]


def test_a_dead_channel_is_told_of_the_end_alone(tmp_path: Path) -> None:
    dead = WritingChannel(name="dead")
    dead.fails = [ChannelTrouble("no", may_have_arrived=False) for _ in range(8)]
    bench = Bench(tmp_path, dead)
    bench.passes(90 + 60)
    bench.seen = WELL
    bench.passes(300)
    assert subjects(dead) == ["The incident responder is back, after 3 min"]


def test_what_is_refused_is_not_tried_until_there_is_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    channel = WritingChannel()
    channel.fails = [ChannelRefused("the secret is wrong")]
    bench = Bench(tmp_path, channel)
    bench.passes(600)
    assert channel.sent == []
    assert caplog.text.count("the secret is wrong") == 1
    bench.passes(600)
    assert len(channel.sent) == 1


@pytest.mark.parametrize(
    "kept", ["", "nonsense", "[]", "{}", '{"url": 1}', json.dumps({"url": URL, "outage": {"since": 1}, "owed": {}})]
)
def test_a_broken_memory_is_said_and_left(tmp_path: Path, kept: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "watch.json").write_text(kept)
    bench = Bench(tmp_path)
    bench.passes(90)
    assert len(bench.channels[0].sent) == 1
    assert "is told anew" in caplog.text or "is left" in caplog.text


def test_what_was_seen_of_another_responder_says_nothing(bench: Bench) -> None:
    bench.passes(90)
    bench.watcher = bench.started("http://other:8070")
    bench.seen = WELL
    bench.passes(60)
    assert bench.channels[0].kinds == ["page"]


def test_it_tells_also_where_nothing_can_be_kept(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (bench.folder / "watch.json").mkdir()
    bench.passes(90)
    assert len(bench.channels[0].sent) == 1
    assert "cannot be written" in caplog.text
