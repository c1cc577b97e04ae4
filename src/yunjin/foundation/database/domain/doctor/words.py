"""What the doctor says, in Chinese and in English; figures go into the braces.

What differs by language itself is handed in twice, as `why_zh` and `why_en`. A test holds the two
languages against each other: the same figures in both.
"""

from typing import Final

# code → (Chinese, English)
WORDS: Final[dict[str, tuple[str, str]]] = {
    "observer-blind": (
        "巡检程序看不到任何节点，见证也无应答：可能是巡检所在机器的网络中断。不采取任何动作。",
        "The doctor reaches none of the nodes, nor the witness: its own network may be down. "
        "Nothing is done.",
    ),
    "observer-cut-off": (
        "巡检程序看不到任何节点，但见证看到 {seen} 个节点正常监听：中断的是巡检自己的网络。不采"
        "取任何动作。",
        "The doctor reaches none of the nodes, while the witness sees {seen} of them listening: "
        "it is the doctor's own network. Nothing is done.",
    ),
    "observer-late": (
        "巡检程序本身迟了 {late_ms} 毫秒（机器繁忙或被暂停），本轮观察不作为依据。",
        "The doctor itself was {late_ms} ms late (a busy or paused machine); this round proves "
        "nothing.",
    ),
    "node-dead": (
        "节点 {node} 的进程已不在，其余 {size} 个节点仍构成多数。节点最后见于序号 {seqno}，其他"
        "节点的缓存自 {cached_from} 起，{way_zh}。",
        "The process of node {node} is gone; the other {size} go on as a majority. It was last "
        "seen at {seqno}, the others' caches begin at {cached_from}: {way_en}.",
    ),
    "node-dead-too": (
        "节点 {node} 的进程已不在，集 {set} 亦无多数：以其恢复的位置启动，只会有益。",
        "The process of node {node} is gone, and set {set} has no majority: it is started at its "
        "recovered position, which can only help.",
    ),
    "node-behind": (
        "节点 {node} 停在序号 {seqno}，而其他节点的缓存自 {cached_from} 才开始：差得太多，须从"
        "其他节点整份复制（SST）。",
        "Node {node} stands at {seqno}, and the others' caches begin at {cached_from} only: it "
        "is too far behind and needs a whole copy from another node (SST).",
    ),
    "node-wont-start": (
        "节点 {node} 已连续 {times} 次启动失败：重建其数据（SST）。",
        "Node {node} failed to start {times} times in a row: its data is to be rebuilt (SST).",
    ),
    "node-hung": (
        "节点 {node} 的进程仍在（{life}），但已超过 {hung_s} 秒没有应答，其余 {size} 个节点已将"
        "其排除：结束进程并重新启动。",
        "The process of node {node} is there ({life}) but has not answered for over {hung_s} s, "
        "and the other {size} went on without it: it is ended and started again.",
    ),
    "node-silent": (
        "节点 {node} 对巡检没有应答，但其他节点仍将其计入（{size} 个）：机器繁忙或路径中断。不"
        "采取任何动作。",
        "Node {node} does not answer the doctor, yet the others still count it in ({size} in "
        "all): a busy machine or a broken path. Nothing is done.",
    ),
    "node-out-of-sight": (
        "主机与节点 {node} 都无应答，见证所见：{sight_zh}。是否故障无从证实，不采取任何动作。",
        "Neither the host of node {node} nor the node answers; the witness finds it {sight_en}. "
        "Whether it is dead is not proven, so nothing is done.",
    ),
    "node-cut-off": (
        "节点 {node} 在运行，但不属于多数；网络恢复后会自行归队。",
        "Node {node} runs but is not part of the majority; it rejoins by itself once its network "
        "is back.",
    ),
    "witness-gone": (
        "集 {set} 的仲裁进程已不在（{size} 票）：再失去一个节点就没有多数，重新启动它。",
        "The arbitrator of set {set} is gone ({size} votes are left): with one more node lost "
        "there would be no majority. It is started again.",
    ),
    "node-left": (
        "节点 {node} 在运行，但已退出集群，不会自行归队：重新启动。",
        "Node {node} runs but has left its group, and does not come back by itself: it is "
        "started again.",
    ),
    "node-inconsistent": (
        "节点 {node} 的数据与其他节点不一致，已被投票逐出（{state}）：须重建（SST）。",
        "Node {node} was voted out because its data differs ({state}): it is to be rebuilt (SST).",
    ),
    "node-stopped": (
        "节点 {node} 是按序停止的（序号 {seqno}），巡检不会启动它：yunjin fleet start。",
        "Node {node} was stopped in order (at {seqno}); the doctor leaves it so: yunjin fleet "
        "start.",
    ),
    "node-starting": (
        "节点 {node} 正在启动（{age_s} 秒）。",
        "Node {node} is starting (for {age_s} s).",
    ),
    "set-starting": (
        "集 {set} 没有多数，{nodes} 正在启动。",
        "Set {set} has no majority; {nodes} is starting.",
    ),
    "set-resting": (
        "集 {set} 正在维护（{nodes}），巡检只看不动。",
        "Somebody works on set {set} ({nodes}): the doctor looks on and keeps off.",
    ),
    "node-without-data": (
        "节点 {node} 没有数据：创建该集（yunjin fleet create），或从其他节点复制（yunjin fleet "
        "node replace）。",
        "Node {node} has no data: create its set (yunjin fleet create), or copy it from another "
        "node (yunjin fleet node replace).",
    ),
    "node-joining": (
        "节点 {node} 正在归队（{state}），落后 {behind} 个写集。",
        "Node {node} is coming back ({state}), {behind} write sets behind.",
    ),
    "set-down": (
        "集 {set} 的全部节点进程都已不在（{count} 个）：以各自恢复的位置一起启动，由日志最新者"
        "恢复服务。",
        "All {count} processes of set {set} are gone: all are started at the positions they "
        "recover, and the most advanced brings the set back.",
    ),
    "quorum-lost": (
        "集 {set} 失去多数。{lost} 已由其主机与见证（{by}）共同证实停止，而 {node} 处于最后的多"
        "数视图之中（序号 {seqno}），没有已确认的写入会丢失：在其上执行 pc.bootstrap。",
        "Set {set} has lost its majority. That {lost} is dead, its host and the witness ({by}) "
        "both say; {node} was in the last majority and has all of it (seqno {seqno}), so nothing "
        "acknowledged is lost: pc.bootstrap there.",
    ),
    "quorum-split": (
        "集 {set} 的 {count} 个节点都在运行而无多数，序号最高者为 {node}（{seqno}）：全部节点可"
        "见，在其上执行 pc.bootstrap。",
        "All that matter of set {set} run ({count} nodes), yet none is in a majority; {node} is "
        "the most advanced ({seqno}): pc.bootstrap there.",
    ),
    "quorum-unproven": (
        "集 {set} 失去多数，但不能证实 {lost} 已停止（{why}）。它们可能仍在另一侧提供服务，故只"
        "报告，不采取任何动作。",
        "Set {set} has lost its majority, but that {lost} is dead is not proven ({why}). It may "
        "be serving on the other side, so this is only told and nothing is done.",
    ),
    "quorum-behind": (
        "集 {set} 失去多数，仅存的 {node} 不在最后的多数视图中（{why}）：在其上恢复会丢失已确认"
        "的写入。请先恢复其他节点。",
        "Set {set} has lost its majority, and {node}, which is left, was not in the last one "
        "({why}): going on from it would lose what was acknowledged. Bring the others back first.",
    ),
    "two-majorities": (
        "集 {set} 出现两个各自为多数的部分（{parts}）：立即停止其中之一的写入并人工裁决。",
        "Set {set} has two parts that each take themselves for the majority ({parts}): stop "
        "writes to one of them at once and decide by hand.",
    ),
    "commit-stuck": (
        "集 {set} 的写入已超过 {stuck_s} 秒没有返回，而 {node} 仍应答读取：{why_zh}。",
        "Writes to set {set} have not come back for over {stuck_s} s while {node} still answers "
        "reads: {why_en}.",
    ),
    "transaction-blocks": (
        "节点 {node} 上的事务（连接 {thread}，已 {age_s} 秒）使 {waiters} 个事务等待了 "
        "{waited_s} 秒：{statement}",
        "A transaction on node {node} (connection {thread}, {age_s} s old) keeps {waiters} "
        "others waiting for {waited_s} s: {statement}",
    ),
    "node-slow": (
        "节点 {node} 拖慢全集：{paused_percent}% 的时间因流控暂停，其队列有 {queue} 个写集。令"
        "其脱离流控，追上后归队。",
        "Node {node} slows the whole set: {paused_percent} % of the time is lost to flow "
        "control, and {queue} write sets wait on it. It is taken out of flow control until it "
        "has caught up.",
    ),
    "node-stalled": (
        "节点 {node} 在 {slow_s} 秒内一个写集也没有应用，队列 {queue}，使全集 {paused_percent}"
        "% 的时间暂停：结束进程并重新启动。",
        "Node {node} has applied nothing for {slow_s} s with {queue} write sets waiting, and "
        "holds the whole set up {paused_percent} % of the time: it is ended and started again.",
    ),
    "writer-slow": (
        "接受写入的节点 {node} 自身拖慢全集（{paused_percent}% 的时间因流控暂停，队列 {queue}）"
        "：请检查该机器。",
        "The node that takes the writes, {node}, slows the set itself ({paused_percent} % of the "
        "time lost to flow control, {queue} write sets waiting): look at its machine.",
    ),
    "node-caught-up": (
        "节点 {node} 已追上（队列 {queue}），恢复参与流控。",
        "Node {node} has caught up ({queue} write sets waiting); it takes part in flow control "
        "again.",
    ),
    "node-never-catches-up": (
        "节点 {node} 脱离流控后仍越落越远（队列 {queue}）：停止它，稍后重新归队。",
        "Node {node} falls further behind even out of flow control ({queue} write sets waiting): "
        "it is stopped and comes back later.",
    ),
    "node-rested": (
        "节点 {node} 因追不上已停止 {minutes} 分钟，令其归队。",
        "Node {node} was stopped {minutes} minutes ago because it could not keep up; it comes "
        "back.",
    ),
    "disk-full": (
        "节点 {node} 的磁盘只剩 {free_mb} MB（共 {total_mb} MB）：在写坏之前停止该节点，其余节"
        "点继续服务。",
        "The disk of node {node} has {free_mb} MB left of {total_mb} MB: the node is stopped "
        "before a write fails half-way, the others go on.",
    ),
    "disk-full-needed": (
        "节点 {node} 的磁盘只剩 {free_mb} MB（共 {total_mb} MB），而没有它就没有多数：改为只读"
        "，请腾出空间。",
        "The disk of node {node} has {free_mb} MB left of {total_mb} MB, and without it there is "
        "no majority: it becomes read-only. Make room.",
    ),
    "disk-failed": (
        "节点 {node} 的磁盘不再接受写入（{fault}）：停止该节点，其余节点继续服务；请修复磁盘，修"
        "复后自动归队。",
        "The disk of node {node} takes no writes any more ({fault}): the node is stopped and the "
        "others go on. Mend the disk; the node then comes back by itself.",
    ),
    "disk-mended": (
        "节点 {node} 的磁盘又可写入，令其归队。",
        "The disk of node {node} takes writes again; the node comes back.",
    ),
    "disk-low": (
        "节点 {node} 的磁盘只剩 {free_mb} MB（共 {total_mb} MB）。",
        "The disk of node {node} has {free_mb} MB left of {total_mb} MB.",
    ),
    "disk-has-room": (
        "节点 {node} 的磁盘又有 {free_mb} MB 空间，令其归队。",
        "The disk of node {node} has room again, {free_mb} MB; the node comes back.",
    ),
    "backup-missed": (
        "集 {set} 应每 {every_h} 小时备份一次，而已有 {hours} 小时没有新的备份（{why_zh}）。",
        "Set {set} is to be copied every {every_h} h, and no copy has begun for {hours} h "
        "({why_en}).",
    ),
    "tls-expires": (
        "节点 {node} 的证书还有 {days} 天到期，到期后无人能与它通信：yunjin fleet tls rotate "
        "{set}。",
        "The certificate of node {node} ends in {days} days, and nobody speaks to it after that: "
        "yunjin fleet tls rotate {set}.",
    ),
    "disk-will-fill": (
        "节点 {node} 的磁盘每天增长 {per_day_mb} MB，按此趋势 {days} 天后（{on}）写满。",
        "The disk of node {node} grows by {per_day_mb} MB a day and will be full in {days} days, "
        "on {on}, if it goes on like this.",
    ),
    "disk-slow": (
        "节点 {node} 的磁盘同步一次需 {fsync_ms} 毫秒。",
        "The disk of node {node} takes {fsync_ms} ms for one sync.",
    ),
    "replica-diverged": (
        "表 {table} 的一段（{chunk}）在 {node} 上与其他节点不同，而当时没有人写它：重建该节点（"
        "SST）。",
        "A chunk of table {table} ({chunk}) differs on {node} from the other nodes, though "
        "nobody was writing it: the node is to be rebuilt (SST).",
    ),
    "replica-diverged-undecided": (
        "表 {table} 的一段（{chunk}）在各节点之间不同，无从判断哪份正确：请人工核对。",
        "A chunk of table {table} ({chunk}) is not the same on the nodes, and none is in the "
        "majority: compare them by hand.",
    ),
    "clock-off": (
        "节点 {node} 所在主机的时钟偏差 {offset_ms} 毫秒（±{error_ms}）：请其时间服务校时。",
        "The clock of the host of node {node} is off by {offset_ms} ms (±{error_ms}): its time "
        "service is to step it.",
    ),
    "clock-drifts": (
        "节点 {node} 所在主机的时钟偏差 {offset_ms} 毫秒（±{error_ms}）。",
        "The clock of the host of node {node} is off by {offset_ms} ms (±{error_ms}).",
    ),
    "cell-silent": (
        "单元 {cell} 的写入者已 {silent_s} 秒没有动静（{why}），由备用进程接管。",
        "The writer of cell {cell} has been silent for {silent_s} s ({why}); its standby takes "
        "over.",
    ),
    "cell-silent-alone": (
        "单元 {cell} 的写入者没有动静（{why}），且没有备用进程。",
        "The writer of cell {cell} is silent ({why}), and there is no standby.",
    ),
}
