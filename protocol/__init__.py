"""What goes over the wire between councils, as pure functions: no I/O, no clock, no randomness, no logging."""
