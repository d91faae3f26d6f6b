"""Every public list as CSV, Atom and calendar, from the slips that its page shows."""
