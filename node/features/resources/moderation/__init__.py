"""Words about notes that something is wrong with. Counted by month, never by person."""
