"""The forms that the tables of events between machines have had."""
