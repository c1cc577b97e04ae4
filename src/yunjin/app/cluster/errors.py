"""What the demo of a cluster refuses."""

from yunjin.kernel.errors import Refusal


class NoPrograms(Refusal):
    """The database's programs are not on this machine; the detail says how to get them."""

    code, status, title = "app/no-cluster-programs", 409, "The database's programs are missing"


class FolderRefused(Refusal):
    """A cluster cannot live in this folder; the detail names the cure."""

    code, status, title = "app/cluster-folder-refused", 422, "Folder refused"


class DemoRuns(Refusal):
    """Another demo of a cluster runs in this folder."""

    code, status, title = "app/cluster-demo-runs", 409, "Another demo runs"
