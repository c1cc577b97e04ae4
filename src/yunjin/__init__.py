"""Yunjin 云锦: an open-source financial cloud."""
