"""The demo's stage, as far as it needs no database: what may be struck, and what stops it early."""

import shutil
from pathlib import Path

import pytest

from yunjin.app import fleet_example
from yunjin.app.cluster import stage as stages
from yunjin.app.cluster.errors import DemoRuns, FolderRefused, NoPrograms
from yunjin.app.cluster.stage import SET, Stage, free_ports
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel.errors import Bug, NotFound


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage with a fleet that does not run."""
    made = Stage(tmp_path, lambda words: None)
    topology = read_topology(fleet_example.text("/srv/demo", 21_000))
    made._fleet = Fleet(topology, home=tmp_path / "fleet")
    return made


def test_every_node_and_data_centre_may_be_struck_in_both_languages(stage: Stage) -> None:
    strikes = stage.strikes()
    kinds = {one.id.partition(":")[0] for one in strikes}
    assert kinds == {
        "writer-kill",
        "writer-pause",
        "node-kill",
        "node-pause",
        "centre-off",
        "set-kill",
    }
    assert len({one.id for one in strikes}) == len(strikes)
    for node in stage.fleet.topology.set_of(SET).nodes:
        own = [one for one in strikes if one.id.endswith(f":{node.name}")]
        assert {one.id for one in own} == {f"node-kill:{node.name}", f"node-pause:{node.name}"}
        assert {one.data_centre for one in own} == {node.host[0]}
    assert all(one.zh and one.en for one in strikes)
    assert {one.data_centre for one in strikes} == {"", "a", "b", "c"}


def test_a_strike_that_is_none_or_meets_nobody_is_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.strike("rm-rf:everything")
    with pytest.raises(NotFound, match="Nobody writes"):
        stage.strike("writer-kill")
    assert stage.blows() == []


def test_missing_programs_are_named_with_the_command_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    stage = Stage(tmp_path / "new", lambda words: None)
    with pytest.raises(NoPrograms, match=r"here: mariadbd, .*apt-get install mariadb-server"):
        stage.open()
    stage.close()  # nothing came up, nothing is stopped
    assert not (tmp_path / "new").exists()


def test_a_folder_too_long_for_sockets_is_refused_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "check_programs", lambda shape: None)
    with pytest.raises(FolderRefused, match="--home"):
        Stage(tmp_path / ("x" * 60), lambda words: None).open()


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    first, second = (Stage(tmp_path, lambda words: None) for _ in range(2))
    first._take_folder()
    with pytest.raises(DemoRuns, match="--home"):
        second._take_folder()


def test_the_fleet_is_there_only_once_the_stage_is_open(tmp_path: Path) -> None:
    with pytest.raises(Bug):
        _ = Stage(tmp_path, lambda words: None).fleet


def test_ports_of_processes_are_beyond_those_of_nodes() -> None:
    assert free_ports(6, beyond=21_500) > 21_500
