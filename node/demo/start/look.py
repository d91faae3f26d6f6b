"""How the start page looks: the nodes' own style sheet, font and shapes, with a small sheet of its own behind them.

Said in English only, like the seeds of the demo.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment

from node.demo.start.scene import Scene
from node.feature import Feature
from node.web import shelf
from node.web.routes import Routes
from node.web.shelf import Shelf
from node.web.templating import environment
from node.web.tongues import ENGLISH, load_tongues

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Look:
    """Templates and static files of the page."""

    templates: Environment
    shelf: Shelf

    @classmethod
    def load(cls, scene: Scene) -> "Look":
        """Raises node.web.tongues.MissingCatalogue."""
        council, own = scene.riverside, Shelf.load(_HERE / "static")
        town = Shelf.load()
        both = replace(town, pieces={**town.pieces, **own.pieces}, version=f"{town.version}{own.version}"[6:18])
        templates = environment(
            (Feature(name="start", templates=_HERE / "templates"),),
            tongue=load_tongues()[ENGLISH],
            zone=council.settings.zone_info,
            clock=council.clock,
            static=both.address,
        )
        return cls(templates, both)

    def router(self) -> Routes:
        """The static files."""
        return shelf.router(self.shelf)

    def page(self, template: str, **context: Any) -> str:
        return self.templates.get_template(template).render(context)
