"""Chaos: the ledger under load is killed and its power is cut; then its promises are counted."""
