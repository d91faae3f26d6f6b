"""The demo's start page: one story on three walls, told by pressing buttons. It belongs to the demo, to no council's server."""
