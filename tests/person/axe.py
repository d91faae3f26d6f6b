"""The axe engine on the page that is open, as it stands and under its own policy: what it finds against WCAG and good practice."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

from tests.person.browsing import Person

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

# The rules whose answer can change while the document stays the same: by colours, by direction, by where things lie.
BY_LOOK = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]

RUN = """async ([type, values]) => {
  const found = await axe.run(document, {runOnly: {type, values}, resultTypes: ['violations']})
  return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')} ${n.html.slice(0, 90)}`))
}"""


def accompany(person: Person) -> None:
    """Have the engine beside every page that is opened from now on: told once, the browser need not be handed it again."""
    person.page.context.add_init_script(AXE_SCRIPT)


def bring(person: Person) -> None:
    """Put the engine beside the page that is open; scripts must be on."""
    person.measures(f"() => {{ {AXE_SCRIPT} }}")


def violations(person: Person, *, only_looks: bool = False) -> list[str]:
    """Each node that breaks a rule, in words. `accompany` or `bring` comes first. `only_looks`: the document was judged already."""
    found = person.measures(RUN, ["rule", BY_LOOK] if only_looks else ["tag", TAGS])
    assert isinstance(found, list)
    return [f"axe {fault}" for fault in found]
