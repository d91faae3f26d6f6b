"""Three councils on this machine, for trying out and for the tour. Nothing here serves a real council."""
