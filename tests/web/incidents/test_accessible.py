"""Who sees badly, or has no mouse: contrast (WCAG 2.2, AA), headings in their order, a way through by Tab."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.responder_process import alert, message

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.responder_process import ResponderProcess

#: What is too weak to be read: text below 4.5 to 1 (3 to 1 where it is large), edges of fields and buttons, and the
#: ring of the focus, below 3 to 1, against what lies behind them. Lines as `3.10 < 4.5 color p.muted "words"`.
WEAK = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true})
  const read = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data] }
  const over = ([r, g, b, a], ground, faded = 1) =>
    [r, g, b].map((part, at) => part * a / 255 * faded + ground[at] * (1 - a / 255 * faded))
  const bright = rgb => rgb.map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0)
  const ratio = (one, other) => { const [low, high] = [bright(one), bright(other)].sort((x, y) => x - y)
    return (high + .05) / (low + .05) }
  const above = one => one ? [...above(one.parentElement), one] : []
  const ground = one => above(one).reduce((rgb, box) => over(read(getComputedStyle(box).backgroundColor), rgb),
    read('Canvas').slice(0, 3))
  const faded = one => above(one).reduce((left, box) => left * getComputedStyle(box).opacity, 1)
  const weak = []
  const say = (one, what, colour, behind, needed) => {
    const found = ratio(over(read(colour), behind, faded(one)), behind)
    if (found < needed) weak.push(`${found.toFixed(2)} < ${needed} ${what} ${one.localName}.${one.className} `
      + JSON.stringify((one.textContent || one.value || one.id).trim().slice(0, 40))) }
  const words = one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
  for (const one of document.querySelectorAll('body, body *')) {
    if (!one.checkVisibility() || one.closest('svg, .visually-hidden')) continue
    const style = getComputedStyle(one), behind = ground(one)
    const field = one.matches('input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), select, textarea')
    if (words(one) || field) {
      const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700
      say(one, 'text', style.color, behind, large ? 3 : 4.5) }
    if (field && one.placeholder) {
      const hint = getComputedStyle(one, '::placeholder')
      const [r, g, b, a] = read(hint.color)
      say(one, 'placeholder', `rgba(${r}, ${g}, ${b}, ${a / 255 * hint.opacity})`, behind, 4.5) }
    if (field) say(one, 'edge', style.borderTopColor, ground(one.parentElement), 3) }
  return [...new Set(weak)] }"""

#: Headings that leave a level out, as `h2 h4 "words"`.
SKIPPED = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(one => one.checkVisibility())
  .map((one, at, all) => [at ? all[at - 1].localName : 'h0', one.localName, one.textContent.trim()])
  .filter(([before, now]) => now[1] > +before[1] + 1).map(found => found.join(' '))"""

#: What can be pressed or filled in by a mouse, in the order in which it stands.
OPERABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter(one => one.checkVisibility() && one.type !== 'hidden' && !one.disabled)
  .filter(one => one.type !== 'radio' || one.checked || !document.querySelector(`[name="${one.name}"]:checked`)
     && one === document.querySelector(`[name="${one.name}"]`))
  .map((one, at) => one.dataset.at = String(at))"""

#: Where the focus is, and whether it is seen: a ring of 2 px at least, within the page's width.
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect()
  return [one.dataset.at, one.outerHTML.slice(0, 200), parseFloat(style.outlineWidth) >= 2
    && style.outlineStyle !== 'none' && box.right > 0 && box.left < innerWidth] }"""


@pytest.fixture(scope="module")
def paths(responder: "ResponderProcess") -> list[str]:
    """Of every page, with each colour on it that one can have: all severities, clocks, checks, mistakes of channels."""
    with httpx.Client(base_url=responder.url, headers={"X-Actinf-User": "ada"}, timeout=30) as api:

        def done(path: str, **body: Any) -> Any:
            return api.post(f"/v1/{path}", json=body).raise_for_status().json()

        opened = [
            done("incidents", component=f"Part {level}", impact="Requests fail", severity=level, detected_at=at)["id"]
            for level, at in (("P0", None), ("P1", "2026-01-05T00:00:00Z"), ("P2", None), ("P3", None), ("P1", None))
        ]
        live, _, _, _, over = (f"incidents/{name}" for name in opened)
        done(f"{live}/note", text="seen")
        done(f"{live}/check", item="alerts", passed=True, found="none fires")
        done(f"{live}/check", item="stable", passed=False, found="it is not")
        done(f"{over}/ack")
        done(f"{over}/resolve", how="rolled back")
        done("silences", matchers=["component=Disk"], minutes=60, reason="new disks")
        api.post("/hooks/alertmanager", content=message(alert("Burning", severity="page"))).raise_for_status()
    own = ["/", "/oncall", "/oncall/schedule", "/silences", "/incidents/new", "/accounts", "/me", "/nothing"]
    parts = [f"/{live}", f"/{over}", f"/{over}/post-mortem", f"/{over}/erase", "/runbooks/api-down"]
    return own + parts


def unfold(page: "Page") -> None:
    """Show what is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.setAttribute('open', ''))")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_too_weak_to_be_read_and_no_heading_leaves_a_level_out(
    open_page: Any, paths: list[str], colours: Any
) -> None:
    page = open_page("/", color_scheme=colours)
    found = {}
    for path in paths:
        page.goto(path)
        unfold(page)
        found[path] = page.evaluate(WEAK) + page.evaluate(SKIPPED)
    assert {path: weak for path, weak in found.items() if weak} == {}


def test_tab_reaches_all_that_a_mouse_does_in_its_order_and_is_seen(open_page: Any, paths: list[str]) -> None:
    page = open_page("/")
    for path in paths:
        page.goto(path)
        unfold(page)
        expected = page.evaluate(OPERABLE)
        reached: list[str] = []
        for _ in range(8 * len(expected)):  # a field of a moment has a stop for each of its parts
            page.keyboard.press("Tab")
            at, what, seen = page.evaluate(FOCUSED)
            if at is not None and reached[-1:] != [at]:  # what can be scrolled is a stop as well
                assert seen, f"{path}: the focus is not seen on {what}"
                reached.append(at)
            if at == expected[-1]:
                break
        assert reached == expected, path


def test_the_ways_through_the_pages_are_whole_on_a_phone(open_page: Any) -> None:
    page = open_page("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    ends = page.locator("nav.ways a").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert len(ends) == 5
    assert max(ends) <= 390 - 8
