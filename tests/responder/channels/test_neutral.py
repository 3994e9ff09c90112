"""Text of strangers, read back by what will read it: a Markdown parser, an HTML parser, a mail parser."""

import html.parser
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from actinf.responder.channels import neutral

PIECES = [
    "<!channel>", "<@U012AB3CD>", "<#C1|x>", "<http://x|y>", "@everyone", "@here", "@ada", "a@b.org", "&amp;", "&",
    "<b>", "<script>", "</p>", "# ", "## x", "- ", "1. ", "1) ", "> ", "    code", "\t", "```", "`", "*", "**x**", "_",
    "__y__", "~~", "[a](b)", "![a](b)", "[a]: b", "|", "|-|", "---", "===", "***", "\\", "\\\n", "  \n", "https://x.org",
    "\n",    "\r\n", "\r", "\n\n", "\u2028", "\x85", "\x1b[31m", "\x1b]8;;http://x\x07", "\x1b]0;t", "\x1bP1$r\x1b\\",
    "\x9b2J", "\x1b", "\x00", "\x07", "\x08", "\x7f", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff",
    "\U000e0041", "\ud800", "\ufffe",
    "🚨", "👩\u200d💻", "é", "e\u0301", "e" + "\u0301" * 50, "日本", "שלום", " ", "word", "'", '"', "$(x)", "%s", "{0}",
]  # fmt: skip
TEXT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=80),
)
MOST = st.sampled_from([1, 2, 7, 20, 300, 3000])
UNSEEN = {"\u202e", "\u2066", "\u200b", "\ufeff", "\u2060", "\U000e0041"}


def is_harmless(text: str, *, newlines: bool) -> bool:
    return not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and not (newlines and letter == "\n")
        for letter in text
    ) and not (UNSEEN & set(text))


@given(TEXT, MOST)
def test_a_line_is_one_line_of_text_and_no_longer_than_it_may_be(text, most):
    line = neutral.line(text, most)
    assert is_harmless(line, newlines=False)
    assert len(line) <= most
    assert line == line.strip()
    assert neutral.line(line, most) == line


@given(TEXT, MOST)
def test_a_block_has_lines_of_text_and_nothing_else(text, most):
    block = neutral.block(text, most)
    assert is_harmless(block, newlines=True)
    assert len(block) <= most
    assert "\n\n\n" not in block
    assert neutral.block(block, most) == block


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Mn", "Zs"]), max_size=200))
def test_ordinary_text_keeps_every_letter(text):
    """Up to blanks, and to more marks on one letter than any language has."""
    letters = []
    for letter in text:
        if [unicodedata.category(other) for other in [*letters[-4:], letter]] != ["Mn"] * 5:
            letters.append(letter)
    text = "".join(letters)
    assert neutral.line(text) == " ".join(text.split())


@given(TEXT, MOST)
def test_slack_gets_no_mention_no_link_and_no_entity_cut_in_two(text, most):
    shown = neutral.chat(text, most)
    assert len(shown) <= most
    assert "<" not in shown
    assert ">" not in shown
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", shown)
    assert not re.search(r"@(?:everyone|here|channel)\b", shown, re.IGNORECASE)
    if not shown.endswith("…"):
        plain = shown.replace("\u2060", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert plain == neutral.block(text)


@given(TEXT, MOST)
def test_html_is_text_for_an_html_parser(text, most):
    shown = neutral.html(text, most)
    assert len(shown) <= most

    class Reader(html.parser.HTMLParser):
        read = ""

        def handle_starttag(self, *_):
            raise AssertionError(shown)

        handle_endtag = handle_comment = handle_decl = handle_pi = handle_starttag

        def handle_data(self, data):
            self.read += data

    reader = Reader()
    reader.feed(shown)
    reader.close()
    if not shown.endswith("…"):
        assert reader.read == neutral.block(text)
    assert not {'"', "'"} & set(shown)


@given(TEXT, MOST)
def test_markdown_is_paragraphs_of_text_for_a_markdown_parser(text, most):
    shown = neutral.markdown(text, most)
    assert len(shown) <= most
    paragraphs = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(shown):
        assert token.type in ("paragraph_open", "paragraph_close", "inline"), shown
        if token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special", "hardbreak"}, shown
            paragraphs.append("".join(child.content or "\n" for child in token.children))
    if not shown.endswith("…"):
        lines = [part.strip() for part in neutral.block(text).split("\n")]
        assert "\n\n".join(paragraphs).replace("\u2060", "") == "\n".join(lines).strip()
    assert not re.search(r"(?<![\w.+-])@\w", shown.replace("\\", ""))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x1b[0m alert", "red alert"),
        ("\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;a title that never ends", "a title that never ends"),
        ("two\r\nlines", "two lines"),
        ("safe\u202etxt.exe", "safetxt.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("a\ud800b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_what_is_kept_of_a_line(text, line):
    shown = neutral.line(text)
    assert shown.removeprefix("0;") == line


def test_an_address_stays_an_address_and_a_call_does_not():
    assert neutral.markdown("ask ops@example.org") == "ask ops\\@example.org"
    assert neutral.markdown("ask @ada") == "ask @\u2060ada"


def test_plain_text_is_read_as_it_was_written():
    said = "P1: 5xx rate is 12 % (was 0.1 %), since 2026-11-23 10:02; see pool_size, a-b/c=d, e.g. 'x' + 1!"
    assert neutral.markdown(said) == said


def test_a_text_of_many_megabytes_is_cut_before_it_is_read():
    """Patterns that run over all of it would hold up the page of another incident."""
    text = "\x1b]" * 20_000_000
    assert len(neutral.line(text, 100)) <= 100


def test_a_cut_takes_no_mark_off_its_letter():
    assert neutral.shorten("abce\u0301fg", 5) == "abc…"
    assert neutral.shorten("👩\u200d💻👩\u200d💻", 3) == "👩…"
