"""The features of this node. Adding one is adding its line here."""

from node.feature import Feature
from node.features.alerts import FEATURE as ALERTS
from node.features.resolutions import FEATURE as RESOLUTIONS
from node.features.resources import FEATURE as RESOURCES

FEATURES: tuple[Feature, ...] = (
    RESOURCES,
    RESOLUTIONS,
    ALERTS,
)
