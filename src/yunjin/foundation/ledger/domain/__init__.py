"""Pure rules of the ledger: no clock, no I/O, no SQL."""
