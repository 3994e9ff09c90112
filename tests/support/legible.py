"""What scripts in a browser find about who sees badly or has no mouse: contrast (WCAG 2.2, AA), headings, the focus."""

__all__ = ["FOCUSED", "OPERABLE", "SKIPPED", "WEAK"]

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
  .filter(one => one.checkVisibility() && one.type !== 'hidden' && !one.disabled && one.tabIndex >= 0)
  .filter(one => one.type !== 'radio' || one.checked || !document.querySelector(`[name="${one.name}"]:checked`)
     && one === document.querySelector(`[name="${one.name}"]`))
  .map((one, at) => one.dataset.at = String(at))"""

#: Where the focus is, and whether it is seen: a ring of 2 px at least, within the page's width.
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect()
  return [one.dataset.at, one.outerHTML.slice(0, 200), parseFloat(style.outlineWidth) >= 2
    && style.outlineStyle !== 'none' && box.right > 0 && box.left < innerWidth] }"""
