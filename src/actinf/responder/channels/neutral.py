"""Text of strangers made harmless for the place where it is shown, without losing what it says.

Whoever can raise an alert can write into chat rooms, mails, terminals and reports.  Text is first cleaned of what no
reader sees (terminal sequences, control characters, marks that turn the direction of writing), then written in the
target's own escapes.  Nothing is rejected: an alert that looks odd is still an alert.

    line      one line: mail headers, log lines, text messages, terminals
    block     several lines: bodies of mails
    chat      several lines for Slack
    markdown  several lines for CommonMark and GitHub's dialect
    html      several lines for an element or a quoted attribute
"""

import html as standard_html
import re
import unicodedata
from collections.abc import Callable

__all__ = ["block", "calling_nobody", "chat", "html", "line", "markdown", "shorten"]

_ELLIPSIS = "…"
#: Stands behind an "@" so that nobody is called by it; has no width, and allows no line to break.
_JOINER = "\u2060"

#: Colours, cursor movements, window titles, links; of one that does not end, its first characters alone.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n\r]{0,2048}(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n\r]{0,2048}(?:\x1b\\|\x9c)"
    r"|\x1b[ -/]{0,16}[0-~]"
)
_LINE_ENDS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x09\x0e-\x1f\x7f-\x84\x86-\x9f]")
#: Marks without width: those of direction, tags, anchors.  The two joiners that scripts and emoji need stay.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
#: More marks on one letter than any language has pile up over the lines above.
_PILED_MARKS = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]{4})"
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]+"
)
_EMPTY_LINES = re.compile(r"\n{3,}")

#: What chat products turn into a call to everybody in the room.
_CALLS_TO_ALL = re.compile(r"@(?=(?:everyone|everybody|channel|here|all|group|room|team)\b)", re.IGNORECASE)
_CALLS = re.compile(r"(?<![\w.+-])@(?=\w)")
#: What Markdown, also that of GitHub, takes for more than text wherever it stands; nothing else is escaped, for many
#: people read a report as it is written.
_MARKDOWN = re.compile(
    r"[\\`*\[\]<>|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside of a word it is a letter
    r"|&(?=#?\w+;)|#(?=\d)"  # entities, and numbers of tickets
    r"|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.|(?<=[\w.+-])@(?=\w)",  # addresses that become links
    re.IGNORECASE,
)
#: What it takes for more than text where a line begins: headings, lists, rules, underlines.
_BEGINS_MARKDOWN = re.compile(r"^(\d{1,9}(?=[.)])|(?=[#+=:-]))(.)")


def shorten(text: str, most: int) -> str:
    """The text itself, or its beginning with "…" at the end: at most `most` characters, and no mark without its letter.

    >>> shorten("Inference requests failing", 12)
    'Inference r…'
    """
    return text if len(text) <= most else _beginning(text, most - len(_ELLIPSIS))


def line(text: str, most: int = 300) -> str:
    r"""One line without anything that a terminal, a mail server or a log takes for more than text.

    Args:
        text: of a stranger.
        most: characters, at least 1.

    >>> line("down\r\nBcc: all@example.org \x1b[31mnow\x1b[0m")
    'down Bcc: all@example.org now'
    """
    return shorten(" ".join(_cleaned(text, most).split()), most)


def block(text: str, most: int = 3000) -> str:
    r"""Several lines of plain text, without blanks at their ends and with one empty line in a row.

    Args:
        text: of a stranger.
        most: characters, at least 1.

    >>> block("one \r\n\n\n\ntwo\x07")
    'one\n\ntwo'
    """
    lines = "\n".join(part.rstrip() for part in _cleaned(text, most).split("\n"))
    return shorten(_EMPTY_LINES.sub("\n\n", lines).strip(), most)


def calling_nobody(text: str) -> str:
    """The same text, of which no chat product makes a call to everybody in the room.

    For what is plain text here and is carried into rooms by others, as feeds are.

    >>> calling_nobody("@everyone: mail ops@example.org") == "@\u2060everyone: mail ops@example.org"
    True
    """
    return _CALLS_TO_ALL.sub("@" + _JOINER, text)


def chat(text: str, most: int = 3000) -> str:
    """Text for Slack in which nothing calls people or is a link.

    Bold, italics and code are not escaped, since Slack has no escape for them: send it with `mrkdwn` off.

    Args:
        text: of a stranger.
        most: characters after escaping, at least 1.

    >>> chat("<!channel> & <@U012AB3CD>")
    '&lt;!channel&gt; &amp; &lt;@U012AB3CD&gt;'
    """
    return _fitted(block(text, most), most, _written_for_chat)


def markdown(text: str, most: int = 3000) -> str:
    r"""Text that CommonMark shows as it is: no heading, list, link, image, code, table, HTML or mention.

    Line ends stay line ends.

    Args:
        text: of a stranger.
        most: characters after escaping, at least 1.

    >>> print(markdown("# [ok](javascript:0) 1. <b>"))
    \# \[ok\](javascript:0) 1. \<b\>
    """
    return _fitted(block(text, most), most, _written_for_markdown)


def html(text: str, most: int = 3000) -> str:
    """Text for the inside of an element, or of a quoted attribute.

    Args:
        text: of a stranger.
        most: characters after escaping, at least 1.

    >>> html("<script>'")
    '&lt;script&gt;&#x27;'
    """
    return _fitted(block(text, most), most, standard_html.escape)


def _cleaned(text: str, most: int) -> str:
    """Text without what is not seen; line ends are newlines.  What lies far behind the cut is not even looked at."""
    text = _TERMINAL.sub("", text[: 8 * most + 4096])
    text = _CONTROLS.sub(" ", _LINE_ENDS.sub("\n", text))
    text = _NO_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text))
    return _PILED_MARKS.sub(r"\1", text)


def _beginning(text: str, end: int) -> str:
    """What stands before `end`, with "…" behind it, cut where no mark loses its letter."""
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    return text[:end].rstrip(" \n\u200d") + _ELLIPSIS


def _fitted(text: str, most: int, written: Callable[[str], str]) -> str:
    """The text as the target writes it, shortened before it is written, so that no escape is cut in two."""
    shown, end = written(text), len(text)
    while len(shown) > most and end > 0:
        # No character becomes more than six.
        end = max(0, end - max(1, (len(shown) - most) // 6))
        shown = written(_beginning(text, end))
    return shown


def _written_for_chat(text: str) -> str:
    return calling_nobody(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written_for_markdown(text: str) -> str:
    text = _CALLS.sub("@" + _JOINER, text)
    paragraphs = [[_markdown_line(part.lstrip()) for part in lines.split("\n")] for lines in text.split("\n\n")]
    return "\n\n".join("\\\n".join(lines) for lines in paragraphs)


def _markdown_line(text: str) -> str:
    return _BEGINS_MARKDOWN.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", text), count=1)
