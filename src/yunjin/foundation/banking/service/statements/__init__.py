"""Statements and other papers of agreements: as data, as CSV, as PDF."""
