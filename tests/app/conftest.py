"""MariaDB for the tests of whole banks."""

from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb"]
