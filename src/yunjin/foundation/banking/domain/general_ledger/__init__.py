"""The general ledger's rules: chart of accounts, mapping, periods, reports."""
