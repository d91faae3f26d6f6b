"""All targets. Whoever imports this has the whole list."""

from tests.fuzz import agreements, carried, letters, live, signed, texts
from tests.fuzz.registry import TARGETS, Target

__all__ = ["TARGETS", "Target", "agreements", "carried", "letters", "live", "signed", "texts"]
