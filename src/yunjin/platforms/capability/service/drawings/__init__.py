"""The centre of drawings: what is brought in, its flows, and flows in code that are drawn."""
