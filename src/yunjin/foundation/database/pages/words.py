"""What the database room's pages say, in Chinese and English."""

from typing import Final

from yunjin.foundation.database.pages.sentences import SAID
from yunjin.foundation.database.pages.words_doctor import DOCTOR
from yunjin.foundation.database.pages.words_sets import SETS

_TOPOLOGY: Final[dict[str, tuple[str, str]]] = {
    "fleet.topology": ("机房拓扑", "Topology"),
    "fleet.topology_note": (
        "数据中心里有什么、由谁写入、业务是否在继续；出了什么事、系统自己做了什么。",
        "What stands in each data centre, who writes, whether service goes on, and what the "
        "platform did about what broke.",
    ),
    "fleet.serving": ("服务中", "Serving"),
    "fleet.not_serving": ("不能写入", "Takes no writes"),
    "fleet.none": ("还没有集群", "There is no fleet yet"),
    "fleet.none_hint": (
        "用一个文件描述主机与集，再建立第一个集；详见 docs/how-to/cluster.md。"
        "想先看看：./run demo --cluster。",
        "One file describes the hosts and the sets; then make the first set. More: "
        "docs/how-to/cluster.md. Or have a look first: ./run demo --cluster.",
    ),
    "fleet.demo": ("演示。", "Demonstration."),
    "fleet.demo_note": (
        "这些按钮真的会杀死本机上的进程；节点由巡检修复，单元进程数秒后重新启动，"
        "顾客的付款从不停止。",
        "The buttons really kill processes on this machine. The doctor repairs the nodes, a "
        "cell's process is started again after some seconds, and customers pay all the while.",
    ),
    "fleet.unseen": ("看不到一部分：", "Some of it cannot be seen:"),
    # key figures
    "fleet.rate": ("吞吐", "Throughput"),
    "fleet.rate_unit": ("笔/秒", "transfers/s"),
    "fleet.rate_graph": ("每秒转账", "Transfers per second"),
    "fleet.no_failed": ("近 2 分钟没有失败的请求", "no request failed in 2 minutes"),
    "fleet.failed": ("近 2 分钟有 {count} 个请求失败", "{count} requests failed in 2 minutes"),
    "fleet.worst": ("最长等待", "Longest wait"),
    "fleet.worst_unit": ("毫秒", "ms"),
    "fleet.worst_graph": ("最长等待", "Longest wait"),
    "fleet.longest": ("近 2 分钟最长 {time}", "{time} at most in 2 minutes"),
    "fleet.nodes": ("数据库节点", "Database nodes"),
    "fleet.nodes_note": ("同步 / 全部", "in step, of all"),
    "fleet.processes": ("单元进程", "Cell processes"),
    "fleet.written_from": ("由机房 {name} 写入", "written from data centre {name}"),
    "fleet.nobody": ("此刻没有写入者", "nobody writes just now"),
    # a data centre
    "fleet.centre": ("机房 {name}", "Data centre {name}"),
    "fleet.writes_here": ("在此写入", "Writes here"),
    "fleet.node_of": ("节点 {node}", "Node {node}"),
    "fleet.process_of": ("单元 {cell}", "Cell {cell}"),
    "fleet.seqno": ("序号", "Seqno"),
    "fleet.flow": ("流控", "Flow control"),
    "fleet.queue": ("待应用", "Queue"),
    "fleet.sequence": ("日志位置", "Position"),
    "fleet.epoch": ("任期", "Epoch"),
    "fleet.pid": ("进程号", "Process"),
    "fleet.role.writes": ("写入", "Writes"),
    "fleet.role.stands_by": ("待命", "Stands by"),
    "fleet.role.starts": ("正在启动", "Starting"),
    "fleet.role.silent": ("无应答", "No answer"),
    "fleet.role.down": ("已停止", "Down"),
    "fleet.state.synced": ("同步", "In step"),
    "fleet.state.donor": ("正在供数", "Donor"),
    "fleet.state.joining": ("正在追赶", "Catching up"),
    "fleet.state.read_only": ("只读", "Read-only"),
    "fleet.state.no_majority": ("没有多数", "No majority"),
    "fleet.state.starting": ("正在启动", "Starting"),
    "fleet.state.silent": ("无应答", "No answer"),
    "fleet.state.unreached": ("主机不可达", "Host unreachable"),
    "fleet.state.down": ("已停止", "Down"),
    # what befell it
    "fleet.strike_all": ("针对整个单元与整个集：", "On the cell, and on the whole set:"),
    "fleet.strike.node-kill": ("杀死节点", "Kill node"),
    "fleet.strike.node-pause": ("节点沉睡", "Pause node"),
    "fleet.strike.centre-off": ("机房断电", "Power off"),
    "fleet.blows": ("制造的故障", "Blows dealt"),
    "fleet.no_blows": ("还没有制造故障", "Nothing was struck yet"),
    "fleet.no_blows_hint": (
        "按下上面的任一按钮，看图上的曲线如何继续。",
        "Press any button above, and watch how the graph goes on.",
    ),
    "fleet.waited": ("顾客最多等待 {time}", "customers waited {time}"),
    "fleet.waits": ("顾客已等待 {time}…", "customers wait, {time} so far"),
    "fleet.unnoticed": ("顾客没有察觉", "no customer noticed"),
    "fleet.unnoticed_yet": ("顾客尚未察觉", "not noticed so far"),
    "fleet.wrong": ("现存问题", "Wrong now"),
    "fleet.well": ("没有问题", "Nothing is wrong"),
    "fleet.well_hint": ("巡检没有发现需要处理的事。", "The doctor finds nothing to do."),
    "fleet.unlooked": (
        "有节点不同步，巡检尚未记录原因",
        "Nodes are not in step, and no reason is on record",
    ),
    "fleet.unlooked_hint": (
        "若一直如此，巡检没有运行：设置 database.doctor.is_on，或运行 yunjin fleet doctor watch。",
        "If this stays, no doctor runs: set database.doctor.is_on, or run yunjin fleet doctor "
        "watch.",
    ),
    "fleet.done": ("系统做了什么", "What the platform did"),
    "fleet.idle": ("还没有动作", "Nothing was done yet"),
    "fleet.idle_hint": (
        "巡检的每个动作都记录在此，附原因与结果。",
        "Each action of the doctor stands here, with its reason and what came of it.",
    ),
    "fleet.since": ("自 {at} 起 · {remedy}", "since {at} · {remedy}"),
    "fleet.took": ("用时 {time}", "took {time}"),
}
WORDS: Final = {**_TOPOLOGY, **DOCTOR, **SETS, **SAID}
