"""MariaDB for the tests of what is kept for papers."""

from tests.mariadb import database_url, mariadb

__all__ = ["database_url", "mariadb"]
