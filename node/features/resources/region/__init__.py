"""What there is around us: grouped by council, asked for live where a word is old, and who had it lately."""
