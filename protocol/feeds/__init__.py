"""What a council has said, as a chain that anybody may carry: entries, roots, snapshots, proofs of a fork.

Pure: bytes and values in, verdicts out. The data certifies itself, so it does not matter from whom it comes.
"""
