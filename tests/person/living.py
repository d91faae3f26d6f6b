"""Records at each point of their way, from whoever has pages about them: one maker for each, one line here."""

from collections.abc import Callable

from node.demo.councils import DemoCouncil
from tests.person import agreeing, asking, deciding, lettering, promising

Maker = Callable[[DemoCouncil, DemoCouncil], dict[str, list[str]]]
MAKERS: tuple[Maker, ...] = (
    deciding.on_the_way,
    lettering.on_the_way,
    promising.on_the_way,
    asking.on_the_way,
    agreeing.on_the_way,
)


def on_their_way(riverside: DemoCouncil, harbour: DemoCouncil) -> dict[str, list[str]]:
    """Fill two linked councils. Returns, for the routes that need a record at some point of its way, where they are."""
    found: dict[str, list[str]] = {}
    for make in MAKERS:
        for route, paths in make(riverside, harbour).items():
            found.setdefault(route, []).extend(paths)
    return found
