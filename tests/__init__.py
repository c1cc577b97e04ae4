"""The tests: a mirror of src; beside it acceptance (stories), simulation, architecture, docs."""
