"""The pages of the status page as markup: everything that is put into a template is text.

Nothing on them runs and nothing comes from elsewhere; addresses are relative, so that they work below any path.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from actinf.responder.channels import neutral
from actinf.responder.publishing.page import Notice, NoticeKind, NoticeUpdate, PublicPage, Working
from actinf.runtime.wording import counted
from actinf.web.lengths import lasting
from actinf.web.status import wording
from actinf.web.status.history import bar_of, bars, months

__all__ = ["STYLE", "anchor", "filled", "first_page", "history_pages", "look", "lost_page", "notice_page", "path_of"]

#: The stylesheet of all pages.
STYLE = Path(__file__).with_name("static").joinpath("style.css").read_bytes()

#: How long what is over is told of on the first page, and how much of it is said there.
_LATELY = timedelta(days=14)
_BEGINNING = 400
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


def filled(template: str, page: PublicPage, *, up: str = "", **values: Any) -> bytes:
    """A template about a page, filled in.

    Args:
        template: name of it.
        page: whose texts are neutral.
        up: how one comes from it to the folder of the site: empty, `../`, or where that is on its host.
        values: what this template wants besides.
    """
    always = {
        "page": page,
        "up": up,
        "home": f"{up}index.html",
        "here": "",
        "policy": _POLICY,
        "digest": hashlib.sha256(STYLE).hexdigest()[:12],
        "names": {one.key: one.name for one in page.components},
    }
    return _environment().get_template(template).render(always | values).encode()


def first_page(page: PublicPage) -> bytes:
    """What stands at the address of the page."""
    since = page.written_at - _LATELY
    lately = [one for one in page.past if (one.ended_at or one.began_at) >= since]
    notices = {one.key: one for one in (*page.past, *page.planned, *page.current)}
    values: dict[str, Any] = {
        "sentence": wording.sentence(page),
        "lately": lately,
        "notices": notices,
        "states": list(Working),
    }
    return filled("index.html", page, here="index", **values)


def history_pages(page: PublicPage) -> Mapping[str, bytes]:
    """What is over: one page, or one for each month where it is much, by their paths."""
    every = months(page)
    by_path = {path: [one for one in every if one.path == path] for path in ["history.html", *(m.path for m in every)]}
    return {
        path: filled("history.html", page, here="history", months=every, shown=shown) for path, shown in by_path.items()
    }


def notice_page(page: PublicPage, notice: Notice) -> bytes:
    """The page of a notice, which keeps its address for ever."""
    return filled("notice.html", page, up="../", notice=notice)


def lost_page(page: PublicPage) -> bytes:
    """What is shown where nothing stands: below any path, so that its links begin at the top of the address.

    A page whose address nobody said is taken to stand at the top itself.
    """
    top = urlsplit(page.url or "").path.rstrip("/") + "/"
    return filled("lost.html", page, up=top, home=top)


def path_of(notice: Notice) -> str:
    """Where a notice stands on the site."""
    return f"{'incidents' if notice.kind is NoticeKind.INCIDENT else 'maintenance'}/{notice.key}.html"


def anchor(update: NoticeUpdate) -> str:
    """Where an update stands on a page."""
    return "update-" + re.sub(r"[^A-Za-z0-9._-]", "-", update.key)


def look(how: Working) -> str:
    """How a state is called in the style and among the shapes."""
    return how.value.replace(" ", "-")


def _attribute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _length_of(notice: Notice) -> str:
    # Between the minutes that are shown: from 16:18 to 22:18 is 6 h, whatever the seconds.
    ends = (notice.ended_at or notice.began_at).replace(second=0, microsecond=0)
    return lasting(max(ends - notice.began_at.replace(second=0, microsecond=0), timedelta(0)))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("actinf.web.status"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        anchor=anchor,
        attribute=_attribute,
        bar=bar_of,
        bars=bars,
        beginning=lambda text: neutral.shorten(text, _BEGINNING),
        counted=counted,
        day=lambda on: wording.day(on.astimezone(UTC).date() if isinstance(on, datetime) else on),
        hour=wording.hour,
        length_of=_length_of,
        look=look,
        minute=wording.minute,
        path=path_of,
        said=wording.said,
        seconds=lambda seconds: lasting(timedelta(seconds=seconds)),
        share=wording.share,
        working=wording.working,
    )
    return environment
