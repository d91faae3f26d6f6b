"""A whole list put up at once, out of a spreadsheet: read, looked at, put up in one step, and taken down again in one."""
