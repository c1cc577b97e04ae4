"""Goal: real faults of a real set are found and repaired without a person, and nothing is lost.

Method: three MariaDB servers with Galera on this machine, a doctor at work on them, and something
that is done to them. Whatever was acknowledged is there afterwards, on every node.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foundation.database.doctor.hospital import EASY, NODES, Hospital, Watch
from yunjin.foundation.database.adapters.doctor.copies import Comparison
from yunjin.foundation.database.adapters.doctor.statements import (
    SlowStatement,
    slow_statements,
    waits,
)
from yunjin.foundation.database.api.doctor import ActionState, Remedy
from yunjin.foundation.database.domain.doctor.advice import Wait, roots
from yunjin.foundation.database.service.doctor.practice import look_once

pytestmark = [pytest.mark.slow, pytest.mark.galera]
QUICK = replace(EASY, hung_s=4, blocked_s=2, slow_s=4)


def sell(hospital: Hospital, at: int, *, node: str = "n1", size: int = 100) -> None:
    """Write a row and see it acknowledged."""
    hospital.node(node).ask(
        f"INSERT INTO shop.goods VALUES ({at}, 'silk', {at}, REPEAT('x', {size}))"
    )


def sell_many(hospital: Hospital, count: int, *, size: int = 1, since: int = 0) -> None:
    """Write rows, one a transaction."""
    rows = (f"({at}, 'silk', 1, REPEAT('x', {size}))" for at in range(since, since + count))
    hospital.node("n1").ask(
        "".join(f"INSERT INTO shop.goods VALUES {row};" for row in rows), wait_s=100
    )


def sold(hospital: Hospital) -> list[list[int]]:
    """Return what each node has."""
    asked = "SET SESSION wsrep_sync_wait = 1; SELECT id FROM shop.goods ORDER BY id"
    return [[int(row[0]) for row in hospital.node(name).ask(asked)] for name in NODES]


def same(hospital: Hospital, count: int) -> bool:
    return sold(hospital) == [list(range(count))] * 3


def test_a_killed_node_comes_back_by_what_it_missed(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        sell(hospital, 0)
        hospital.node("n3").kill()
        sell(hospital, 1)
        [action] = watch.until_done("node-dead")
        assert action.outcome.endswith("IST was received")
        assert same(hospital, 2)


def test_a_node_too_far_behind_is_copied_whole(hospital: Hospital) -> None:
    watch = hospital.watch()
    one = watch.practice.sets["s1"]
    for _ in range(3):
        one.round()
    hospital.node("n3").kill()
    # twice what the caches of 8 MB keep, and more than the 128 write sets that Galera holds on to
    sell_many(hospital, 400, size=40_000)
    for _ in range(4):
        one.round()
    one.wait()
    [action] = watch.practice.record.actions("s1")
    assert (action.finding.code, action.state) == ("node-behind", ActionState.DONE), action.outcome
    assert action.outcome.endswith("SST was received")
    watch.practice.close()
    assert same(hospital, 400)


def test_a_survivor_goes_on_and_the_dead_come_back(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        sell(hospital, 0)
        for name in ("n2", "n3"):
            os.kill(hospital.node(name).pid(), signal.SIGKILL)
        watch.until(lambda: watch.done()[:1] == ["quorum-lost"])
        sell(hospital, 1)
        watch.until(lambda: len(watch.done()) == 3 and not watch.worries())
        assert sorted(watch.done()) == ["node-dead", "node-dead", "quorum-lost"]
        assert same(hospital, 2)


def test_without_a_second_witness_the_survivor_waits(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        hospital.faults.out_of_reach |= {"w", "h2", "h3"}
        for name in ("n2", "n3"):
            os.kill(pid_of(hospital, name), signal.SIGKILL)
        watch.until(lambda: "quorum-unproven" in watch.told)
        watch.more_rounds(20)
        assert watch.actions() == []
        hospital.faults.out_of_reach.clear()
        watch.until(lambda: "quorum-lost" in watch.done())
        watch.until(lambda: not watch.worries())


def pid_of(hospital: Hospital, name: str) -> int:
    """Read a node's process from its file, also where its host is out of the fleet's reach."""
    return int(Path(hospital.node(name).places.pid).read_text())


def test_a_set_that_was_killed_whole_is_started_whole(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        for at in range(20):
            sell(hospital, at)
        for name in NODES:
            os.kill(pid_of(hospital, name), signal.SIGKILL)
        [action] = watch.until_done("set-down")
        assert action.finding.remedy is Remedy.START_ALL
        assert same(hospital, 20)


def test_a_frozen_node_is_ended_and_started_again(hospital: Hospital) -> None:
    with hospital.watch(limits=QUICK) as watch:
        os.kill(pid_of(hospital, "n3"), signal.SIGSTOP)
        sell(hospital, 0)  # waits until the others go on without it
        watch.until_done("node-hung")
        assert same(hospital, 1)


def test_a_node_that_freezes_for_a_moment_is_left_alone(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        os.kill(pid_of(hospital, "n3"), signal.SIGSTOP)
        watch.until(lambda: "node-silent" in watch.told or watch.practice.sets["s1"].is_uneasy)
        os.kill(pid_of(hospital, "n3"), signal.SIGCONT)
        watch.until(lambda: not watch.found)
        assert watch.actions() == []


def test_a_transaction_that_all_others_wait_for_is_ended(hospital: Hospital) -> None:
    sell(hospital, 0)
    ended: list[Exception] = []

    def forget_to_commit() -> None:
        lock = "BEGIN; SELECT * FROM shop.goods FOR UPDATE; SELECT SLEEP(300)"
        try:
            hospital.node("n1").ask(lock, wait_s=310)
        except Exception as error:
            ended.append(error)

    idler = threading.Thread(target=forget_to_commit)
    with hospital.watch(limits=QUICK) as watch:
        idler.start()
        watch.more_rounds(2)
        hospital.node("n1").ask("UPDATE shop.goods SET price = 9", wait_s=100)
        idler.join(60)
        watch.until_done("transaction-blocks")
    assert ended
    [row] = hospital.node("n2").ask("SET SESSION wsrep_sync_wait = 1; SELECT price FROM shop.goods")
    assert row == ("9",)


def write_on(hospital: Hospital, count: int) -> threading.Thread:
    """Write rows, a hundred at a time, while something else happens."""

    def write() -> None:
        for since in range(0, count, 100):
            sell_many(hospital, 100, since=since)

    writer = threading.Thread(target=write)
    writer.start()
    return writer


def test_a_node_that_holds_the_others_up_leaves_flow_control_until_it_caught_up(
    hospital: Hospital,
) -> None:
    pulse = "LOCK TABLES shop.goods READ; SELECT SLEEP(1.2); UNLOCK TABLES; SELECT SLEEP(0.05);"
    holder = threading.Thread(
        target=hospital.node("n3").ask, args=(pulse * 20,), kwargs={"wait_s": 200}
    )
    with hospital.watch(limits=QUICK) as watch:
        holder.start()
        writer = write_on(hospital, 4_000)
        watch.until(lambda: "node-slow" in watch.done())
        watch.until(lambda: "node-caught-up" in watch.done())
        writer.join(120)
        holder.join(120)
        watch.until(lambda: not watch.worries())
    assert same(hospital, 4_000)


def test_a_node_that_applies_nothing_is_started_again(hospital: Hospital) -> None:
    ended: list[Exception] = []

    def hold_the_table() -> None:
        try:
            hospital.node("n3").ask("LOCK TABLES shop.goods READ; SELECT SLEEP(300)", wait_s=310)
        except Exception as error:
            ended.append(error)

    holder = threading.Thread(target=hold_the_table)
    with hospital.watch(limits=QUICK) as watch:
        holder.start()
        writer = write_on(hospital, 2_000)
        watch.until_done("node-stalled")
        writer.join(120)
        holder.join(60)
    assert ended
    assert same(hospital, 2_000)


def test_a_copy_that_differs_is_found_and_rebuilt(hospital: Hospital) -> None:
    for at in range(5):
        sell(hospital, at)
    hospital.node("n3").ask(
        "SET SESSION wsrep_on = OFF; UPDATE shop.goods SET price = 7 WHERE id = 2"
    )
    with hospital.watch() as watch:
        [slowly] = watch.practice.slowly
        report = slowly.compare()
        assert report is not None
        [found] = report.divergences
        assert (found.table, found.odd) == ("shop.goods", ("n3",))
        watch.practice.sets["s1"].differ(tuple(report.divergences))
        [action] = watch.until_done("replica-diverged")
        assert action.outcome.endswith("SST was received")
        again = slowly.compare()
        assert again is not None
        assert again.divergences == []


def test_a_table_under_load_is_not_taken_for_a_difference(hospital: Hospital) -> None:
    stop = threading.Event()

    def write_on() -> None:
        at = 0
        while not stop.is_set():
            sell(hospital, at)
            at += 1

    writer = threading.Thread(target=write_on)
    writer.start()
    nodes = [hospital.node(name) for name in NODES]
    for _ in range(5):
        report = Comparison(nodes, pause=lambda ms: None, rows=50).run()
        assert report.divergences == []
    stop.set()
    writer.join(60)


def test_a_clock_that_is_off_is_put_before_a_person(hospital: Hospital, tmp_path: Path) -> None:
    fake = tmp_path / "date"
    fake.write_text('#!/bin/sh\n[ "$1" = +%s%N ] && echo "$(($(/bin/date +%s%N) + 30000000000))"\n')
    fake.chmod(0o755)
    with hospital.watch() as watch:
        hospital.faults.clocks["h3"] = tmp_path
        watch.until(lambda: any(one.state is ActionState.PENDING for one in watch.actions()))
        [asked] = watch.actions()
        assert (asked.finding.code, asked.finding.node) == ("clock-off", "n3")
        assert abs(int(asked.finding.figures["offset_ms"]) - 30_000) < 1_000
        hospital.faults.clocks.clear()
        watch.until(lambda: watch.actions()[0].state is ActionState.WITHDRAWN)


def test_a_path_that_only_the_doctor_lost_leads_to_nothing(hospital: Hospital) -> None:
    with hospital.watch() as watch:
        eyes: Watch = watch
        hospital.faults.out_of_reach.add("h3")
        eyes.more_rounds(3)
        server = eyes.practice.eyes["s1"].servers["n3"]
        server.close()
        server.port += 10_000 if server.port < 50_000 else -10_000
        watch.until(lambda: "node-out-of-sight" in watch.told)
        watch.more_rounds(20)
        assert watch.actions() == []
        assert hospital.node("n1").status().cluster_size == 3


def test_a_node_whose_disk_fills_up_is_stopped_and_comes_back_with_room(
    hospital: Hospital,
) -> None:
    if not hospital.disk.is_there:
        pytest.skip("needs root: to mount a small disk")
    with hospital.watch(limits=replace(QUICK, disk_free_stop=150 << 20)) as watch:
        sell(hospital, 0)
        filler = hospital.disk.folder / "filler"
        free = shutil.disk_usage(hospital.disk.folder).free
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - (100 << 20))
        watch.until(lambda: watch.done() == ["disk-full"])
        assert hospital.node("n3").pid() == 0
        sell(hospital, 1)  # the others go on
        watch.more_rounds(3)
        filler.unlink()
        watch.until_done("disk-full", "disk-has-room")
        assert same(hospital, 2)


def test_a_paused_doctor_draws_no_conclusions_and_works_on(
    hospital: Hospital, tmp_path: Path
) -> None:
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet.toml").write_text(hospital.text)
    shutil.copy(hospital.folder / "secrets" / "s1.json", tmp_path / "fleet" / "s1.json")
    small = {"YUNJIN_DATABASE__FLEET__DISK_FREE_MB_MIN": "10"}
    command = [sys.executable, "-c", "from yunjin.app.cli import main; main()", "fleet", "doctor"]
    doctor = subprocess.Popen(
        [*command, "watch", "--home", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **small, "YUNJIN_DATABASE__DOCTOR__DISK_FREE_STOP_MB": "16"},
    )
    assert doctor.stderr is not None
    said = iter(doctor.stderr.readline, "")
    assert any("watching s1" in line for line in said)
    for _ in range(3):
        doctor.send_signal(signal.SIGSTOP)
        sell(hospital, 0)
        threading.Event().wait(6)
        hospital.node("n1").ask("DELETE FROM shop.goods")
        doctor.send_signal(signal.SIGCONT)
    os.kill(pid_of(hospital, "n3"), signal.SIGKILL)
    assert any("remedy=restart" in line and "state=done" in line for line in said)
    doctor.terminate()
    doctor.communicate(timeout=60)
    assert doctor.returncode == 0
    shown = subprocess.run(
        [*command, "actions", "--home", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    [action] = json.loads(shown.stdout)
    assert (action["finding"]["code"], action["state"]) == ("node-dead", "done")


def test_a_slow_statement_is_told_with_the_index_that_it_lacks(hospital: Hospital) -> None:
    sell_many(hospital, 2_000)
    node = hospital.node("n1")
    node.ask("ANALYZE TABLE shop.goods")
    # SLEEP once for each row; the text in the second could lead the client to run a program
    texts = [
        "SELECT note FROM goods WHERE price = 1 AND SLEEP(0.004) = 0 LIMIT 2000",
        "SELECT note FROM goods WHERE name = 'a;b \\\\! silk' OR name = 'silk' AND SLEEP(0.004)",
    ]
    threads = [threading.Thread(target=node.ask, args=(f"USE shop; {text}",)) for text in texts]
    for one in threads:
        one.start()
    seen: list[SlowStatement] = []
    until = time.monotonic() + 60
    while len(seen) != 2 and time.monotonic() < until:
        seen = slow_statements(node, seconds=1)
    for one in threads:
        one.join(60)
    advised = {one.pattern: [each.statement for each in one.advice] for one in seen}
    assert advised == {
        "SELECT note FROM goods WHERE price = ? AND SLEEP(?) = ? LIMIT ?": [
            "CREATE INDEX `ix_price` ON `goods` (`price`)"
        ],
        "SELECT note FROM goods WHERE name = ? OR name = ? AND SLEEP(?)": [
            "CREATE INDEX `ix_name` ON `goods` (`name`)"
        ],
    }


def test_who_waits_for_whose_lock_is_told(hospital: Hospital) -> None:
    sell(hospital, 0)
    node = hospital.node("n1")
    idle = "BEGIN; UPDATE shop.goods SET price = 1; SELECT SLEEP(6); COMMIT"
    threads = [
        threading.Thread(target=node.ask, args=(text,), kwargs={"wait_s": 100})
        for text in (idle, "SELECT SLEEP(1); UPDATE shop.goods SET price = 2")
    ]
    for one in threads:
        one.start()
    found: list[Wait] = []
    until, pause = time.monotonic() + 60, threading.Event()
    while not found and time.monotonic() < until:
        pause.wait(0.2)  # InnoDB looks anew only once nobody has looked for 0.1 s
        found = waits(node)
    [wait] = found
    assert (wait.table, wait.waiting) == ("shop.goods", "UPDATE shop.goods SET price = 2")
    assert roots(found) == [wait.blocker]
    for one in threads:
        one.join(60)


def test_looking_once_does_nothing(hospital: Hospital) -> None:
    seen, found = look_once(hospital.fleet, "s1")
    assert found == ()
    assert [one.is_synced for one in seen.observations] == [True] * 3
    assert all(one.write_us > 0 and one.fsync_us > 0 for one in seen.observations)
