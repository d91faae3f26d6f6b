"""Sums and texts that every node must agree on, whatever the order in which it heard of them. Pure."""
