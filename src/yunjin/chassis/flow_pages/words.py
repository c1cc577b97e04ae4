"""What the pages of flows say, in Chinese and English; the same for every room."""

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "flow.flows_note": (
        "需要人处理的在前，其余按到期先后",
        "Those that need a person first, the others by when they are due",
    ),
    "flow.flow": ("流程", "Flow"),
    "flow.definition": ("流程", "Flow"),
    "flow.all_definitions": ("全部流程", "All flows"),
    "flow.state": ("状态", "State"),
    "flow.all_states": ("全部状态", "All states"),
    "flow.state.parked": ("待人处理", "Needs a person"),
    "flow.state.running": ("运行中", "Running"),
    "flow.state.waiting": ("等待中", "Waiting"),
    "flow.state.failed": ("失败", "Failed"),
    "flow.state.cancelled": ("已取消", "Cancelled"),
    "flow.state.done": ("完成", "Done"),
    "flow.cancelling": ("正在取消", "Being cancelled"),
    "flow.now": ("情况", "What happens"),
    "flow.started": ("开始", "Started"),
    "flow.due": ("下次查看／结束", "Next look / end"),
    "flow.next_look": ("下次查看", "Next look"),
    "flow.ended": ("结束", "Ended"),
    "flow.parked_at": ("停放", "Parked"),
    "flow.at_once": ("随时", "at once"),
    "flow.no_date": ("没有期限", "no date"),
    "flow.waits_for": ("等待 {what}", "Waits for {what}"),
    # key figures
    "flow.parked_note": ("处理原因后重试", "see to the reason, then try again"),
    "flow.nothing_parked": ("没有要处理的", "nothing to see to"),
    "flow.running_note": ("有事可做", "have something to do"),
    "flow.waiting_note": ("等时间、消息、子流程或重试", "for a time, a word, a child, another try"),
    "flow.overdue": ("最长积压", "Longest overdue"),
    "flow.on_time": ("按时", "On time"),
    "flow.overdue_note": ("到期最久的流程等了多久", "how long the flow due longest has waited"),
    # empty
    "flow.none_yet": ("还没有流程", "No flows yet"),
    "flow.none_yet_hint": (
        "业务发起第一个流程后，它会出现在这里。",
        "The first one appears here as soon as the business starts it.",
    ),
    "flow.none_found": ("没有符合条件的流程", "No flow matches"),
    "flow.none_found_hint": (
        "换一个状态或流程，或清除筛选。",
        "Choose another state or flow, or clear the filters.",
    ),
    # one flow
    "flow.about": ("流程信息", "About this flow"),
    "flow.id": ("流程号", "Flow id"),
    "flow.version": ("定义", "Definition"),
    "flow.version_of": ("{name}，第 {version} 版", "{name}, version {version}"),
    "flow.parent": ("上级流程", "Parent"),
    "flow.duration": ("历时", "Took"),
    "flow.args": ("参数", "Arguments"),
    "flow.no_args": ("没有参数", "No arguments"),
    "flow.answer": ("结果", "Answer"),
    "flow.no_answer": ("没有返回值", "It answered nothing"),
    "flow.progress": ("进度", "Progress"),
    "flow.progress_left": ("还需约 {left}", "about {left} left"),
    "flow.progress_pace": ("{pace} / 秒", "{pace} a second"),
    "flow.parked_title": ("停在“{step}”，等人处理", "Stopped at “{step}”, waits for a person"),
    "flow.parked_title_start": ("停下来了，等人处理", "Stopped, waits for a person"),
    "flow.parked_hint": (
        "已做的步骤都保存着。排除原因（多半要更新程序）后重试，从停下的地方继续；或者取消，撤销已做的。",
        "What it did is kept. See to the reason (usually by new code) and try again: it goes on "
        "where it stopped. Or cancel it, which undoes what it did.",
    ),
    "flow.failed_title": ("失败：{title}", "Failed: {title}"),
    "flow.failed_hint": (
        "能撤销的步骤已按相反次序撤销。",
        "What could be undone was undone, last first.",
    ),
    "flow.cancelled_title": ("按要求取消", "Cancelled on request"),
    # journal
    "flow.journal": ("步骤记录", "Journal"),
    "flow.journal_note": ("最新的在上", "Newest first"),
    "flow.journal_empty": ("还没有步骤", "No step yet"),
    "flow.journal_empty_hint": (
        "每做完一步，就有一条记录。",
        "Each step leaves a line when it is done.",
    ),
    "flow.older": ("更早的步骤", "Older steps"),
    "flow.outcome.answered": ("完成", "Done"),
    "flow.outcome.refused": ("被拒", "Refused"),
    "flow.outcome.set": ("计时", "Timer"),
    "flow.outcome.tried": ("重试中", "Retrying"),
    "flow.outcome.called": ("已发起", "Started"),
    "flow.step.sleep": ("等待", "Wait"),
    "flow.step.cancelled": ("在此取消", "Cancelled here"),
    "flow.step_of.signal": ("消息 {name}", "Word {name}"),
    "flow.step_of.child": ("子流程 {name}", "Child {name}"),
    "flow.step_of.undo": ("撤销 {name}", "Undo {name}"),
    "flow.set_until": ("到 {at}", "until {at}"),
    "flow.tried": (
        "试过 {tries} 次：{title}。下次 {at}",
        "Tried {tries} times: {title}. Next at {at}",
    ),
    "flow.tried_once": ("试过 1 次：{title}。下次 {at}", "Tried once: {title}. Next at {at}"),
    "flow.open_child": ("打开子流程", "Open the child"),
    "flow.show_all": ("展开全文", "Show all of it"),
    # deeds
    "flow.retry": ("重试", "Try again"),
    "flow.retry_title": ("让流程继续？", "Let the flow go on?"),
    "flow.retry_effect": (
        "流程从“{step}”继续；之前的步骤不会再做。原因没有排除时，它会再次停下。",
        "It goes on from “{step}”; the steps before are not done again. Where the reason is still "
        "there, it stops again.",
    ),
    "flow.retry_effect_start": (
        "流程从停下的地方继续；做过的步骤不会再做。原因没有排除时，它会再次停下。",
        "It goes on where it stopped; what was done is not done again. Where the reason is still "
        "there, it stops again.",
    ),
    "flow.retried": ("流程继续运行", "The flow goes on"),
    "flow.cancel": ("取消流程", "Cancel the flow"),
    "flow.cancel_title": ("取消“{name}”？", "Cancel “{name}”?"),
    "flow.cancel_effect": (
        "流程停在当前步骤，已做且可撤销的步骤按相反次序撤销，子流程一并取消。",
        "It stops where it is; what it did and can undo is undone, last first, and its children "
        "are cancelled too.",
    ),
    "flow.cancel_asked": ("已要求取消，正在撤销", "Cancelling: what it did is being undone"),
    # refusals
    "problem.flow/not-found": ("流程不存在", "No such flow"),
    "problem.flow/ended": ("流程已结束", "The flow has ended"),
    "problem.flow/not-parked": ("流程不在等人处理", "The flow does not wait for a person"),
    "search.flow": ("流程", "Flow"),
}
