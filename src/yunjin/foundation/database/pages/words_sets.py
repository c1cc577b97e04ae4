"""What the pages of sets and of hosted databases say, in Chinese and English."""

from typing import Final

SETS: Final[dict[str, tuple[str, str]]] = {
    "fleet.sets": ("集与节点", "Sets and nodes"),
    "fleet.sets_note": (
        "每个集是一个多副本数据库；节点可逐个停止与启动，备份与恢复演练在此进行。",
        "Each set is one replicated database. Nodes are stopped and started one by one; copies "
        "and restore drills are made here.",
    ),
    "fleet.set": ("集 {name}", "Set {name}"),
    "fleet.set_serves": ("服务中", "Serving"),
    "fleet.set_down": ("不能写入", "Takes no writes"),
    "fleet.profile": ("参数 {profile}", "profile {profile}"),
    "fleet.of_cells": ("承载单元 {cells}", "serves cell {cells}"),
    "fleet.witness": ("见证 {host}", "witness {host}"),
    "fleet.weak": ("失去以下任何一处，本集即停止", "Losing any of these stops the set"),
    "fleet.node": ("节点", "Node"),
    "fleet.node_state": ("状态", "State"),
    "fleet.where": ("机房", "Data centre"),
    "fleet.place": ("地址", "Address"),
    "fleet.version": ("版本", "Version"),
    "fleet.deed.start": ("启动", "Start"),
    "fleet.deed.stop": ("停止", "Stop"),
    "fleet.deed.restart": ("重启", "Restart"),
    "fleet.deed.start_all": ("启动全部节点", "Start every node"),
    "fleet.deed.back_up": ("立即备份", "Back up now"),
    "fleet.deed.drill": ("恢复演练", "Restore drill"),
    "fleet.stop_title": ("停止节点 {node}", "Stop node {node}"),
    "fleet.stop_effect": (
        "节点 {node} 按序停止，其余节点继续服务；巡检不会启动它，直到有人启动。",
        "Node {node} stops in order and the others go on. The doctor leaves it stopped until "
        "somebody starts it.",
    ),
    "fleet.restart_title": ("重启节点 {node}", "Restart node {node}"),
    "fleet.restart_effect": (
        "节点 {node} 停止后从自己的位置启动，其间由其余节点服务。",
        "Node {node} stops and starts from its position; the others serve meanwhile.",
    ),
    "fleet.working": ("进行中：{what}，已 {time}", "Under way: {what}, {time} so far"),
    "fleet.worked": ("完成：{what}", "Done: {what}"),
    "fleet.busy": ("另一操作还在进行", "Another deed is under way"),
    "fleet.backups": ("备份", "Copies"),
    "fleet.console": ("控制台", "Console"),
    "fleet.backups_asked": (
        "只在有人要求时备份；在 fleet.toml 中设 backups 即可定时。",
        "Made when somebody asks; `backups` of fleet.toml sets a timer.",
    ),
    "fleet.backups_timed": (
        "每 {every_h} 小时自动备份，保留 {keep} 份",
        "Made every {every_h} h by themselves, {keep} kept",
    ),
    "fleet.backup_last": ("上次 {at}", "last {at}"),
    "fleet.backup_by_nobody": ("未署名", "unsigned"),
    "fleet.run.running": ("进行中", "Under way"),
    "fleet.run.done": ("完成", "Done"),
    "fleet.run.failed": ("失败", "Failed"),
    "fleet.backup_taken": ("完成时间", "Taken"),
    "fleet.backup_from": ("来自节点", "From node"),
    "fleet.backup_size": ("大小", "Size"),
    "fleet.backup_digest": ("摘要", "Digest"),
    "fleet.no_backups": ("还没有备份", "No copies yet"),
    "fleet.no_backups_hint": (
        "“立即备份”在服务中复制整个集，并保存其日志。",
        "“Back up now” copies the whole set while it serves, and keeps its journal.",
    ),
    "fleet.drill_passed": (
        "演练通过：备份 {backup} 的 {tables} 张表、{rows} 行与现集一致，用时 {seconds} 秒。",
        "The drill passed: {tables} tables and {rows} rows of copy {backup} are as in the set; "
        "{seconds} s.",
    ),
    "fleet.drill_failed": (
        "演练未通过：备份 {backup} 有 {count} 处不一致。",
        "The drill failed: copy {backup} differs in {count} tables.",
    ),
    # hosted databases
    "fleet.databases": ("托管数据库", "Databases"),
    "fleet.databases_note": (
        "应用自己的 MySQL 兼容数据库，建在集上，有配额与备份。",
        "MySQL-compatible databases for applications, on a set, with quota and copies.",
    ),
    "fleet.no_databases": ("还没有托管数据库", "No hosted databases yet"),
    "fleet.no_databases_hint": (
        "建立一个，口令只显示一次：",
        "Make one; its password is shown only once:",
    ),
    "fleet.database": ("数据库", "Database"),
    "fleet.database_set": ("集", "Set"),
    "fleet.database_owner": ("使用者", "Owner"),
    "fleet.database_state": ("状态", "State"),
    "fleet.database_size": ("已用 / 配额", "Used / quota"),
    "fleet.database_connections": ("连接上限", "Connections, at most"),
    "fleet.database_measured": ("测量时间", "Measured"),
    "fleet.hosted.creating": ("建立中", "Being made"),
    "fleet.hosted.open": ("可用", "Open"),
    "fleet.hosted.full": ("超出配额，只读", "Over quota, read-only"),
    "fleet.hosted.restoring": ("恢复中", "Being restored"),
    "fleet.deed.measure": ("立即测量", "Measure now"),
}
