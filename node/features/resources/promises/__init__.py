"""Promises: somebody's yes to all or part of a need or an offer, of ours or of a nearby council's."""
