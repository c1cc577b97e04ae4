"""Ways into the ledger: JSON over HTTP for single requests, Arrow Flight for batches."""
