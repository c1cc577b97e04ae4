"""Goal: `yunjin fleet plan` tells people and programs the same, and refuses in words.

Method: run the commands on small scenarios; once a real calibration (slow lane).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.foundation.database.planning.conftest import costs_of, scenario_of
from yunjin.app.commands.fleet_plan import app
from yunjin.app.planning import calibrating
from yunjin.foundation.database.domain.planning.costs import Costs, read
from yunjin.kernel.errors import Malformed


def asked(*words: str) -> str:
    answer = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Costs, a scenario and prices, as files."""
    scenario = scenario_of().model_dump(mode="json", exclude={"centres", "host", "faults"})
    lines = [f"{name} = {json.dumps(value)}" for name, value in scenario.items() if value != {}]
    lines = [line for line in lines if not line.startswith("journeys")]
    centres = ", ".join(f'{{ name = "{one}", city = "one" }}' for one in ("a", "b", "c"))
    texts = {
        "costs.json": costs_of().model_dump_json(),
        "mine.toml": "\n".join([*lines, f"centres = [{centres}]", ""]),
        "prices.toml": 'currency = "CNY"\nsource = "made up"\nhost_year_minor = 1_000_000\n',
        "broken.toml": "cells = \n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name: str(tmp_path / name) for name in texts}


def test_a_plan_is_told_to_people_and_to_programs(files: dict[str, str], tmp_path: Path) -> None:
    chart = tmp_path / "curve.svg"
    words = [
        "run",
        files["mine.toml"],
        "--costs",
        files["costs.json"],
        "--years",
        "2",
        "--batches",
        "200",
    ]
    words += ["--prices", files["prices.toml"]]
    document = json.loads(asked(*words, "--json"))
    assert document["sizing"]["cell_hosts"] == 3
    assert document["yearly"]["total_minor"] == 4_000_000
    assert [one["centre"] for one in document["deaths"]] == ["a", "b", "c"]
    assert document["years"]["minutes_a_year"] > 0
    assert document == json.loads(asked(*words, "--json"))
    told = asked(*words, "--chart", str(chart))
    assert "cost per account and year" in told
    assert f"{document['capacity']['transfers_per_s']:,.0f} transfers/s" in told
    assert chart.read_text(encoding="utf-8").startswith("<svg")


def test_what_never_ends_is_null_for_programs(files: dict[str, str], tmp_path: Path) -> None:
    alone = tmp_path / "alone.toml"
    text = Path(files["mine.toml"]).read_text(encoding="utf-8")
    text = text.replace("copies = 3", "copies = 1").replace('{ name = "b", city = "one" }, ', "")
    text = text.replace(', { name = "c", city = "one" }', "")
    alone.write_text(text, encoding="utf-8")
    words = ["run", str(alone), "--costs", files["costs.json"], "--years", "1", "--batches", "200"]
    assert json.loads(asked(*words, "--json"))["deaths"][0]["recovery_s"] is None
    assert "until somebody decides" in asked(*words)


def test_shipped_scenarios_are_listed_and_can_be_begun_with() -> None:
    known: dict[str, Any] = json.loads(asked("scenarios", "--json"))
    assert {"one-machine", "three-centres", "two-cities", "record-day"} <= set(known)
    for name in known:
        assert f'name = "{name}"' in asked("example", name)
        assert name in asked("scenarios")


@pytest.mark.parametrize(
    ("scenario", "costs", "why"),
    [
        ("nowhere", "costs.json", "expected a scenario's .toml file or one of one-machine"),
        ("broken.toml", "costs.json", "broken.toml is not TOML"),
        ("prices.toml", "costs.json", "name: Field required"),
        ("mine.toml", "mine.toml", "fleet plan calibrate` writes one"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    files: dict[str, str], scenario: str, costs: str, why: str
) -> None:
    words = ["run", files.get(scenario, scenario), "--costs", files[costs]]
    answer = CliRunner().invoke(app, words)
    assert isinstance(answer.exception, Malformed)
    assert why in str(answer.exception)


def test_the_newest_results_of_a_benchmark_count(tmp_path: Path) -> None:
    for name, cost in (("http-2026-01-31", 1), ("http-2026-02-01", 2), ("day-close-2026-01-01", 3)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"cost": cost}), encoding="utf-8")
    assert calibrating.results_in(tmp_path) == {"http": {"cost": 2}, "day-close": {"cost": 3}}


@pytest.mark.slow
def test_a_machine_is_measured_with_one_real_cell(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    asked("calibrate", str(file))
    costs: Costs = read(Costs, json.loads(file.read_text(encoding="utf-8")), "costs.json")
    assert [one.rows for one in costs.batches] == list(calibrating.ROWS)
    assert 0 < costs.start_cpu_s < 60
    assert costs.account_bytes > 64, "a row of the accounts' table alone has as much"
    small, large = (sum(one.cpu_s) / len(one.cpu_s) for one in costs.batches[1::2])
    assert large > small
