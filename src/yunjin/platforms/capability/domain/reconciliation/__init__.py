"""Reconciliation's rules: lines of files as columns, the matcher, naming differences. Pure."""
