"""The steps of the tour, each a function whose name is the sentence that is printed. They run in the order of `ORDER`.

A step returns a few words on what it saw, or raises `checking.NotSeen`.
"""
