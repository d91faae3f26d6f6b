"""Needs and offers, and what is available around us."""

from pathlib import Path

from node.feature import Feature, MenuEntry
from node.features.resources.agreements.answers_in import ACT
from node.features.resources.arrivals import KIND
from node.features.resources.full_text import purge
from node.features.resources.lasting import due
from node.features.resources.leaving import leave, own
from node.features.resources.letters.posting import errands
from node.features.resources.pages import router
from node.features.resources.small import first_things
from node.features.resources.tidying import tidy
from node.features.resources.views import from_resolution, slip, unpublished, wall
from schemas.phrase import phrase

FEATURE = Feature(
    name="resources",
    kinds=(KIND,),
    acts=(ACT,),
    router=router,
    templates=Path(__file__).parent / "templates",
    slip_template="resources/slip.html",
    menu=(MenuEntry(phrase("Needs and offers"), "/board", 10), MenuEntry(phrase("Around us"), "/around", 20)),
    wall=wall,
    slip=slip,
    unpublished=unpublished,
    due=due,
    errands=errands,
    tidy=tidy,
    purge=purge,
    own=own,
    leave=leave,
    from_resolution=from_resolution,
    small=first_things,
)
