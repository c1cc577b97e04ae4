"""The foundation: database, security, governance, runtime, ledger, chain, banking."""
