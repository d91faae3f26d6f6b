"""The frame that every page stands in: who is looking, the words, the shapes, the doors, and the pages of no single feature."""
