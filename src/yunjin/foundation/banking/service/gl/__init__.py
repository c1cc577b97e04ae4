"""The general ledger, cut by what is done: booking, manual entries, chart, closing, reading."""
