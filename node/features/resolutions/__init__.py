"""What assemblies have decided."""

from pathlib import Path

from node.feature import Feature, MenuEntry
from node.features.resolutions.arrivals import KIND
from node.features.resolutions.evidence import tidy
from node.features.resolutions.joint import settle_due
from node.features.resolutions.leaving import leave, own
from node.features.resolutions.pages import router
from node.features.resolutions.stances import ACT
from node.features.resolutions.views import slip, unpublished, wall
from schemas.phrase import phrase

FEATURE = Feature(
    name="resolutions",
    kinds=(KIND,),
    acts=(ACT,),
    due=settle_due,
    tidy=tidy,
    router=router,
    templates=Path(__file__).parent / "templates",
    slip_template="resolutions/slip.html",
    menu=(MenuEntry(phrase("Resolutions"), "/resolutions", 30),),
    wall=wall,
    slip=slip,
    unpublished=unpublished,
    own=own,
    leave=leave,
)
