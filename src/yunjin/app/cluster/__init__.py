"""`yunjin demo --cluster`: three data centres on one machine, customers, and things that die."""
