"""Letters: what is to be written by mail to whoever asked or promised, kept with what it is about until it has gone."""
