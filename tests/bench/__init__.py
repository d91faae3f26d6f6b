"""Figures of this node beside the ceiling of the machine it runs on: `python -m tests.bench`, or `make bench`."""
