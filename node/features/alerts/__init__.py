"""Calls for help, and drills."""

from node.feature import Feature
from node.features.alerts.arrivals import KIND

FEATURE = Feature(name="alerts", kinds=(KIND,))
