"""Products as code: what a product declares, what its hooks see and yield, and what that does."""
