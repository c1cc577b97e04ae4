"""Banking: products as code, deposits and loans, day close, general ledger."""
