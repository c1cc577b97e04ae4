"""The report centre at work: sources over doors, runs that are kept."""
