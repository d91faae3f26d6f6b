"""The command line. The same actions as on the pages, on the same store; a running server notices within a moment.

Exit codes: 0 good, 1 broken, 2 wrong use. Every command has `--json`. Nothing is ever asked where nobody can answer.
"""

from node.cli.loading import without_looking_for_rubbish

# All that is loaded stays for as long as we run.
with without_looking_for_rubbish():
    from node.cli.main import main

__all__ = ["main"]
