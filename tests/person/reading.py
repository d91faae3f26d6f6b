"""A page as a document: what a strict parser says of its source, and what its fields, headings and references say of it."""

from collections.abc import Iterable

import html5lib  # type: ignore[import-untyped]

from tests.person.browsing import Person

# What a page means to those who do not see it: names of fields and buttons, headings in order, references that lead somewhere.
DOCUMENT = """() => {
  const faults = [], all = q => [...document.querySelectorAll(q)], short = e => e.outerHTML.slice(0, 110)
  const ids = all('[id]').map(e => e.id)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`id twice: ${id}`)
  for (const e of all('input:not([type=hidden]),select,textarea')) {
    const labelled = [...(e.labels || [])].some(l => l.textContent.trim())
    const told = e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
    if (!labelled && !told) faults.push(`field without a label: ${short(e)}`)
  }
  for (const e of all('button,a[href],summary')) {
    const name = e.textContent.trim() || e.getAttribute('aria-label') || e.querySelector('[aria-label],title')
    if (!name) faults.push(`nothing is said on ${short(e)}`)
  }
  for (const name of ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns', 'list', 'form'])
    for (const e of all(`[${name}]`))
      for (const id of e.getAttribute(name).split(/\\s+/).filter(Boolean))
        if (!document.getElementById(id)) faults.push(`${name}=${id} leads nowhere`)
  for (const e of all('a[href^="#"]')) {
    const id = decodeURIComponent(e.getAttribute('href').slice(1))
    if (id && !document.getElementById(id)) faults.push(`#${id} leads nowhere`)
  }
  const levels = all('h1,h2,h3,h4,h5,h6').filter(e => e.checkVisibility()).map(e => [+e.tagName[1], e])
  levels.forEach(([level, e], i) => {
    if (i && level > levels[i - 1][0] + 1) faults.push(`heading jumps from ${levels[i - 1][0]}: ${short(e)}`)
    if (!e.textContent.trim()) faults.push(`empty heading ${short(e)}`)
  })
  const inside = 'a a,a button,button a,button button,label label,a input,button input,a summary,h1 h2,p > div'
  for (const e of all(inside)) faults.push(`one thing to press inside another: ${short(e)}`)
  for (const e of all('fieldset'))
    if (e.firstElementChild?.tagName !== 'LEGEND') faults.push(`fieldset without a legend: ${short(e)}`)
  for (const e of all('ul > :not(li),ol > :not(li),tr > :not(td):not(th),dl > :not(dt):not(dd):not(div)'))
    faults.push(`stands where it may not: ${short(e)}`)
  for (const e of all('form[method=post]'))
    if (new URL(e.action).origin !== location.origin) faults.push(`form goes elsewhere: ${e.action}`)
  for (const e of all('[style],style,font,center,marquee,script:not([src])')) faults.push(`not under our policy: ${short(e)}`)
  for (const e of document.querySelectorAll('*'))
    for (const a of e.attributes) if (a.name.startsWith('on')) faults.push(`inline ${a.name}: ${short(e)}`)
  return faults
}"""


def parse_errors(source: str) -> list[str]:
    """What the HTML standard's own tokenizer and tree builder call a parse error, with its line."""
    parser = html5lib.HTMLParser()
    parser.parse(source)
    lines = source.splitlines()
    return [f"line {line}: {code} {_excerpt(lines, line)}" for (line, _), code, _ in _sorted(parser.errors)]


def document_faults(person: Person) -> list[str]:
    """What is wrong with the source and with the document of the page that was opened last."""
    found = person.measures(DOCUMENT)
    assert isinstance(found, list)
    return parse_errors(person.source) + found


def _sorted(errors: Iterable[tuple[tuple[int, int], str, object]]) -> list[tuple[tuple[int, int], str, object]]:
    return sorted(errors, key=lambda error: error[0])


def _excerpt(lines: list[str], line: int) -> str:
    return lines[line - 1].strip()[:90] if 0 < line <= len(lines) else ""
