"""What processes tell each other is what the package is."""

import tomllib

from tests.data import ROOT
from yunjin.kernel.release import RELEASE


def test_the_release_told_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == RELEASE
