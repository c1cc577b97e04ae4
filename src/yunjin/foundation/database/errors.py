"""What the database room refuses."""

from yunjin.kernel.errors import Outage, Refusal


class BackupNotOffered(Refusal):
    """This engine brings its own tool for backups; the facts name it."""

    code, status, title = "database/backup-not-offered", 409, "Backup not offered"


class BackupTargetTaken(Refusal):
    """There is a file already where the backup would go; it is never written over."""

    code, status, title = "database/backup-target-taken", 409, "Backup target taken"


class BackupFailed(Outage):
    """The copy could not be finished or does not check out; it was removed again."""

    code, status, title = "database/backup-failed", 503, "Backup failed"
