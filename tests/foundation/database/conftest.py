"""The databases these tests run on."""

from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb"]
