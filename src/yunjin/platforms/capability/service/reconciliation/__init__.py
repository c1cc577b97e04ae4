"""Reconciliation: files held against payments and ledger, differences settled."""
