"""The ledger: double-entry money in columnar batches, one writer a cell."""
