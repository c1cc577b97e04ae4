"""The only files of the ledger that speak SQL, and the small files beside the journal."""
