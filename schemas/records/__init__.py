"""One file per kind of record: its shape on the wire, the form a person sends and the view a page shows, side by side."""
