"""The five connections: risk, marketing, industry, open finance, micro-finance."""
