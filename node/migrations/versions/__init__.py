"""The steps, oldest first by their number. Each names the one before it; none is changed once released."""
