"""Is this server well? One list of checks, each of which names the fault and its cure. The command and the page show the same."""
