"""Standing places: a fridge, a free store, a kitchen. An offer that is always there, and the neighbours who look after it."""
