"""Needs and offers, and what is available around us."""

from node.feature import Feature
from node.features.resources.arrivals import KIND

FEATURE = Feature(name="resources", kinds=(KIND,))
