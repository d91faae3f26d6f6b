"""The axe engine on the page that is open, as it stands and under its own policy: what it finds against WCAG and good practice."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

from tests.person.browsing import Person

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

RUN = """async tags => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})
  return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')} ${n.html.slice(0, 90)}`))
}"""


def bring(person: Person) -> None:
    """Put the engine beside the page that is open; scripts must be on."""
    person.measures(f"() => {{ {AXE_SCRIPT} }}")


def violations(person: Person, *, tags: list[str] | None = None) -> list[str]:
    """Each node that breaks a rule, in words. `bring` comes first."""
    found = person.measures(RUN, tags or TAGS)
    assert isinstance(found, list)
    return [f"axe {fault}" for fault in found]
