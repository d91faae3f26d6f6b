"""What assemblies have decided."""

from node.feature import Feature
from node.features.resolutions.arrivals import KIND

FEATURE = Feature(name="resolutions", kinds=(KIND,))
