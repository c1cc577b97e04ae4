"""The capability centre 业务能力中心: centres that every business shares, and what joins them."""
