"""MariaDB for the tests of agreements."""

from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb"]
