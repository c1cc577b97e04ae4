"""Where the page of clearing stands, and what it says in Chinese and English."""

from typing import Final

from yunjin.kernel.room import MenuEntry

ENTRY: Final = MenuEntry(
    section="section.money",
    key="ledger.clearing",
    icon="compare_arrows",
    path="/clearing",
    order=23,
)
WORDS: Final[dict[str, tuple[str, str]]] = {
    "ledger.clearing": ("单元间清算", "Clearing"),
    "ledger.clearing_note": (
        "跨单元与跨行的转账：先在付款方冻结，再由收款方入账，最后过账或撤销。",
        "Transfers between cells and banks: held here, posted there, then posted or voided here.",
    ),
    "ledger.clearing.in_doubt": ("在途批次", "In doubt"),
    "ledger.clearing.in_doubt_note": ("结果未定的转账 {count} 笔", "{count} transfers"),
    "ledger.clearing.oldest": ("最久在途", "Oldest"),
    "ledger.clearing.oldest_note": ("自第一次尝试起", "since the first try"),
    "ledger.clearing.stuck": ("待人工", "For a person"),
    "ledger.clearing.stuck_note": ("重试不会改变的应答", "answers that no retry changes"),
    "ledger.clearing.peers": ("对方单元与银行", "Cells and banks"),
    "ledger.clearing.no_peers": ("没有对方单元", "No other cells"),
    "ledger.clearing.no_peers_hint": (
        "在设置 ledger.clearing.peers 中填写其编号与地址。",
        "Name their numbers and addresses in the setting ledger.clearing.peers.",
    ),
    "ledger.clearing.nothing": ("没有在途的转账", "Nothing is in doubt"),
    "ledger.clearing.nothing_hint": (
        "送往其他单元的款项都有了结果。",
        "Whatever went to other cells has come to its end.",
    ),
    "ledger.clearing.peer": ("对方", "Peer"),
    "ledger.clearing.address": ("地址", "Address"),
    "ledger.clearing.answers": ("应答正常", "Answers"),
    "ledger.clearing.silent": ("无应答", "Silent"),
    "ledger.clearing.state": ("状态", "State"),
    "ledger.clearing.batches": ("批次", "Batches"),
    "ledger.clearing.crossings": ("转账笔数", "Transfers"),
    "ledger.clearing.batch": ("批次", "Batch"),
    "ledger.clearing.age": ("在途时间", "Age"),
    "ledger.clearing.tries": ("尝试次数", "Tries"),
    "ledger.clearing.amount": ("金额", "Amount"),
    "ledger.clearing.reason": ("最近应答", "Last answer"),
    "ledger.clearing.under_way": ("进行中", "Under way"),
    "ledger.clearing.put_off": ("稍后重试", "Tried again"),
    "ledger.clearing.resolve": ("立即询问", "Ask now"),
    "ledger.clearing.resolved": (
        "已询问 {tried} 批，{finished} 批有结果，{left} 批仍在途。",
        "{tried} batches asked about, {finished} came to their end, {left} stay in doubt.",
    ),
    "ledger.clearing.proof": ("清算轧平", "Proof"),
    "ledger.clearing.proof_note": (
        "两边清算账户并列：静止时相加为零。",
        "Both cells' clearing accounts side by side: at rest they cancel out.",
    ),
    "ledger.clearing.prove": ("核对两边", "Prove"),
    "ledger.clearing.net_here": ("本单元净额", "Net here"),
    "ledger.clearing.net_there": ("对方净额", "Net there"),
    "ledger.clearing.held": ("冻结中", "Held"),
    "ledger.clearing.difference": ("差额", "Difference"),
    "ledger.clearing.nets": ("轧平", "Nets to zero"),
    "ledger.clearing.moving": ("在途中，无异常", "Under way, sound"),
    "ledger.clearing.wrong": ("不符", "Wrong"),
    "ledger.clearing.unread": ("无法读取对方", "A peer could not be read"),
}
