"""Planning: a seeded simulation of a fleet by discrete events, driven by measured costs."""
