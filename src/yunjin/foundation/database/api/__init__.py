"""The doors of the database room."""

from yunjin.foundation.database.api.database import Backup, DatabaseApi, DatabaseInfo, Health

__all__ = ["Backup", "DatabaseApi", "DatabaseInfo", "Health"]
