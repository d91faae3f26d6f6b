"""What councils have said, ours included, as chains that anybody may carry: kept, given on, caught up with.

Push is a hint, pull is the truth. What arrives here is judged by `protocol.feeds` alone: it does not matter who brought it.
"""
