"""Calls for help, and drills."""

from pathlib import Path

from node.feature import Feature, MenuEntry
from node.features.alerts.answers_in import ACT
from node.features.alerts.arrivals import KIND
from node.features.alerts.leaving import leave, own
from node.features.alerts.pages import router
from node.features.alerts.tidying import tidy
from node.features.alerts.views import from_resolution, slip, unpublished, wall
from schemas.phrase import phrase

FEATURE = Feature(
    name="alerts",
    kinds=(KIND,),
    acts=(ACT,),
    router=router,
    templates=Path(__file__).parent / "templates",
    slip_template="alerts/slip.html",
    menu=(MenuEntry(phrase("Calls for help"), "/alerts", 40),),
    wall=wall,
    slip=slip,
    unpublished=unpublished,
    tidy=tidy,
    own=own,
    leave=leave,
    from_resolution=from_resolution,
)
