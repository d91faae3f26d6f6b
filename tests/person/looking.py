"""What can be measured on a page that is open: each measure gives a list of faults in words, empty where there is none."""

from collections.abc import Mapping, Sequence

from tests.person.browsing import Person

LEAST_TARGET = 24
LEAST_CONTRAST = 4.5

SIDEWAYS = """() => {
  const room = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= room) return []
  const wide = [...document.querySelectorAll('body *')].filter(e => {
    const r = e.getBoundingClientRect()
    return r.width && (r.right > room + 1 || r.left < -1) && !e.classList.contains('skip')
  })
  return [`${document.documentElement.scrollWidth} of ${room} px: ` + wide.slice(-2).map(e => e.outerHTML.slice(0, 90)).join(' ')]
}"""

# A link inside a sentence is as high as its line (WCAG 2.5.8 leaves it out); everything else is pressed with a thumb.
SMALL_TARGETS = """least => {
 const pressed = 'a[href],button,input:not([type=hidden]),select,textarea,summary'
 const size = e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height].map(Math.round)
 return [...document.querySelectorAll(pressed)].filter(e => {
  if (!e.checkVisibility() || e.classList.contains('skip')) return false
  const around = e.parentElement.closest('p,li,dd,h1,h2,h3')
  const inSentence = e.tagName === 'A' && getComputedStyle(e).display === 'inline' && around
    && around.textContent.trim().length > e.textContent.trim().length
  const r = e.getBoundingClientRect()
  return !inSentence && (r.width < least || r.height < least)
 }).map(e => `${size(e).join(' x ')}: ${e.outerHTML.slice(0, 90)}`)
}"""

HEAD = """() => ({
  title: document.title, h1: document.querySelectorAll('h1').length,
  lang: document.documentElement.lang, dir: document.documentElement.dir,
  running: [...document.querySelectorAll('script,iframe,object,embed,style,[style],img')].filter(e =>
    e.tagName !== 'SCRIPT' || !e.src || new URL(e.src).origin !== location.origin || e.textContent.trim()).length,
})"""

# Relative luminance and contrast as WCAG 2.2 defines them, of each piece of text against the nearest painted ground.
PALE = """least => {
  const colour = words => words.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor)
      if (c.length === 3 || c[3] > 0) return c
    }
    return [255, 255, 255]
  }
  const found = new Set()
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement
    if (!texts.currentNode.data.trim() || !e.checkVisibility()) continue
    const pair = [light(colour(getComputedStyle(e).color)), light(ground(e))].sort((a, b) => b - a)
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05)
    if (contrast < least) found.add(`${contrast.toFixed(2)}: ${e.tagName} ${texts.currentNode.data.trim().slice(0, 40)}`)
  }
  return [...found]
}"""

# Only elements with words of their own; what is for screen readers alone is meant to be one pixel wide.
CLIPPED = """() => [...document.querySelectorAll('body *')].filter(e => {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())
  if (!own || !e.checkVisibility() || e.closest('svg,.skip,.unseen') || e.matches('option,textarea,select')) return false
  const style = getComputedStyle(e)
  if (style.display.startsWith('inline') && style.display !== 'inline-block') return false
  if (e.clientWidth <= 1 && e.clientHeight <= 1) return false
  // Along the line nothing may run out; across it only where the box hides what is over.
  const over = [e.scrollWidth > e.clientWidth + 1, e.scrollHeight > e.clientHeight + 1]
  const [along, across] = style.writingMode.startsWith('vertical') ? over.reverse() : over
  return along || (style.overflowY !== 'visible' && across)
}).map(e => `${e.scrollWidth} of ${e.clientWidth}: ${e.outerHTML.slice(0, 90)}`)"""

FOCUS = """() => {
  const e = document.activeElement
  if (!e || e === document.body) return null
  // A link that is broken over two lines has two boxes; between them lies what is not its own.
  const style = getComputedStyle(e), r = e.getClientRects()[0] || e.getBoundingClientRect()
  const top = document.elementFromPoint(r.left + Math.min(r.width, 20) / 2, r.top + Math.min(r.height, 20) / 2)
  return {
    name: (e.innerText || e.name || e.id).trim().slice(0, 60), tag: e.tagName, field: e.name || '', type: e.type || '',
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    inView: r.top < innerHeight && r.bottom > 0,
    covered: !!top && !e.contains(top) && !top.contains(e),
  }
}"""


def sound(faults: Mapping[str, Sequence[str]]) -> bool:
    """Whether nothing was found on any page; raises AssertionError that tells all of it, page by page."""
    found = [f"{path}\n    " + "\n    ".join(dict.fromkeys(faults[path])) for path in faults if faults[path]]
    assert not found, "\n" + "\n".join(found)
    return True


def sideways(person: Person, width: int) -> list[str]:
    """What sticks out at this width in CSS pixels."""
    person.widens(width)
    return [f"at {width}: {fault}" for fault in person.measures(SIDEWAYS)]


def small_targets(person: Person) -> list[str]:
    return [f"small target {fault}" for fault in person.measures(SMALL_TARGETS, LEAST_TARGET)]


def pale(person: Person) -> list[str]:
    """Text that stands out too little from its ground (WCAG 1.4.3)."""
    return [f"pale {fault}" for fault in person.measures(PALE, LEAST_CONTRAST)]


def head_faults(person: Person) -> list[str]:
    """What is wrong with the page as a document: its heading, its language, anything that could run."""
    head = person.measures(HEAD)
    faults = [] if head["h1"] == 1 else [f"{head['h1']} h1"]
    faults += [] if head["lang"] and head["dir"] in ("ltr", "rtl") else ["no language or direction"]
    return faults + (["something runs or brings its own style"] if head["running"] else [])


def clipped(person: Person) -> list[str]:
    """Words that are cut off: their box hides what does not fit in it, or they run out over its edge."""
    return [f"cut off {fault}" for fault in person.measures(CLIPPED)]
