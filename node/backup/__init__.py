"""A copy of everything a council has, made while it runs, and put back whole or not at all."""
