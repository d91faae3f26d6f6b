"""All targets. Whoever imports this has the whole list."""

from tests.fuzz import carried, signed, texts
from tests.fuzz.registry import TARGETS, Target

__all__ = ["TARGETS", "Target", "carried", "signed", "texts"]
