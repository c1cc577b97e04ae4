"""The forms of the ledger room's tables, in order."""
