"""What the database room refuses."""

from yunjin.kernel.errors import Malformed, NotFound, Outage, Refusal


class BackupNotOffered(Refusal):
    """This engine brings its own tool for backups; the facts name it."""

    code, status, title = "database/backup-not-offered", 409, "Backup not offered"


class BackupTargetTaken(Refusal):
    """There is a file already where the backup would go; it is never written over."""

    code, status, title = "database/backup-target-taken", 409, "Backup target taken"


class BackupFailed(Outage):
    """The copy could not be finished or does not check out; it was removed again."""

    code, status, title = "database/backup-failed", 503, "Backup failed"


class TopologyRefused(Malformed):
    """The fleet's file describes something that cannot work; each sentence says what to change."""

    code, status, title = "database/topology-refused", 422, "Fleet refused"


class NodeRefused(Refusal):
    """A node may not be started as things are; the sentence names the cure."""

    code, status, title = "database/node-refused", 409, "Node refused"


class SetRefused(Refusal):
    """The set is not in a state in which this may be done; the sentence names the cure."""

    code, status, title = "database/set-refused", 409, "Set refused"


class HostUnreachable(Outage):
    """A command could not be run on a host."""

    code, status, title = "database/host-unreachable", 503, "Host unreachable"


class NodeFailed(Outage):
    """A node's program ended, or did not come to answer in time; its log's last lines tell why."""

    code, status, title = "database/node-failed", 503, "Node failed"


class RestoreRefused(Refusal):
    """The backups that are kept cannot give what is asked."""

    code, status, title = "database/restore-refused", 409, "Restore refused"


class RemedyFailed(Outage):
    """What the doctor tried did not come about; the sentence tells why."""

    code, status, title = "database/remedy-failed", 503, "Remedy failed"


class ActionNotPending(Refusal):
    """The doctor does not wait for an answer about this action: it was answered, or withdrawn."""

    code, status, title = "database/action-not-pending", 409, "Action not pending"


class PlanTooLarge(Refusal):
    """A plan needs more hosts than can be planned for; larger hosts or a smaller load cure it."""

    code, status, title = "database/plan-too-large", 422, "Plan too large"


class DatabaseNameTaken(Refusal):
    """A database of this name is there already."""

    code, status, title = "database/name-taken", 409, "Name taken"


class HostedNotFound(NotFound):
    """There is no hosted database of this name."""

    code, status, title = "database/hosted-not-found", 404, "Database not found"


class NoFleet(NotFound):
    """No file describes a fleet; docs/how-to/cluster.md shows one."""

    code, status, title = "database/no-fleet", 404, "No fleet"


class AnotherDoctor(Refusal):
    """Another process on this machine is the doctor already, with the same record."""

    code, status, title = "database/another-doctor", 409, "Another doctor"


class SqlFailed(NodeFailed):
    """A node's server refused a statement, or did not answer."""

    code, status, title = "database/statement-failed", 503, "Statement failed"
