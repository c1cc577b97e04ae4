"""Importing this module prepares a process to bear children: the fork server does, nobody else."""

from yunjin.app.chaos import child, nursery

__all__ = ["child"]

nursery.prepare()
