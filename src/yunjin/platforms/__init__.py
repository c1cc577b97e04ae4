"""The four middle platforms: data, intelligence, capability, mobile."""
