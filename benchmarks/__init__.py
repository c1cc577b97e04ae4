"""Benchmarks: one file each, run by `yunjin bench NAME --json`, peers beside in the same run."""
