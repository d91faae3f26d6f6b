"""Matching: which need and which offer could go together, and why. It proposes and explains; people decide."""
