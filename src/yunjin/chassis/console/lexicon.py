"""The frame's own words, and those that every room may use."""

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    # sections of the navigation
    "section.overview": ("总览", "Overview"),
    "section.money": ("资金", "Money"),
    "section.customers": ("客户", "Customers"),
    "section.risk": ("风险", "Risk"),
    "section.growth": ("增长", "Growth"),
    "section.partners": ("伙伴", "Partners"),
    "section.industry": ("产业", "Industry"),
    "section.data": ("数据", "Data"),
    "section.models": ("模型", "Models"),
    "section.cloud": ("云平台", "Cloud"),
    # frame
    "frame.product": ("云锦", "Yunjin"),
    "frame.navigation": ("主导航", "Main navigation"),
    "frame.skip": ("跳到正文", "Skip to content"),
    "frame.open_menu": ("打开导航", "Open navigation"),
    "frame.close_menu": ("关闭导航", "Close navigation"),
    "frame.collapse": ("收起导航", "Collapse"),
    "frame.expand": ("展开导航", "Expand navigation"),
    "frame.tenant": ("租户", "Tenant"),
    "frame.business_date": ("营业日", "Business date"),
    "frame.switch_language": ("Switch to English", "切换到中文"),
    "frame.other_language": ("EN", "中文"),
    "frame.person": ("本机操作员", "Local operator"),
    "frame.person_note": (
        "仅限本机访问，尚未启用登录",
        "This machine only; sign-in is not in use yet",
    ),
    "frame.dark": ("深色外观", "Dark appearance"),
    "frame.light": ("浅色外观", "Light appearance"),
    "frame.loading": ("正在打开", "Opening"),
    "frame.not_found": ("没有这个页面", "No such page"),
    "frame.not_found_note": (
        "地址可能写错了，或页面已经搬走。",
        "The address may be mistyped, or the page has moved.",
    ),
    "frame.go_home": ("回到总览", "Go to the overview"),
    # search
    "search.prompt": ("搜索账户、合约、客户、流水号", "Search accounts, agreements…"),
    "search.hint": (
        "输入合约号、客户号、账户号、IBAN、卡号或流水号；回车打开唯一结果",
        "Type an agreement, party, account, IBAN, card or transfer id; Enter opens the only hit",
    ),
    "search.nothing": ("没有找到“{query}”", "Nothing found for “{query}”"),
    "search.failed": ("搜索暂时不可用", "Search is not available right now"),
    "search.page": ("页面", "Page"),
    "search.clear": ("关闭搜索", "Close search"),
    # contact
    "contact.live": ("实时", "Live"),
    "contact.paused": ("已暂停", "Paused"),
    "contact.lost": ("已断开", "Offline"),
    "contact.lost_note": (
        "与服务器失去联系，正在重连。页面上的数字停在断开的那一刻。",
        "Contact with the server is lost; reconnecting. Figures stand as they were then.",
    ),
    # forms
    "form.person": ("经办人", "Your name"),
    "form.needed": ("必填", "Needed"),
    "form.amount": ("请输入金额，至多 {places} 位小数", "An amount, {places} decimals"),
    "form.above_zero": ("须大于零", "More than zero"),
    "form.refused": ("没有办成", "It was not done"),
    "form.unknown": (
        "回执丢失，可能已办成。再按一次：同一编号只会办一次。",
        "The answer was lost and it may have been done. Press again: the same id acts only once.",
    ),
    "form.outage": (
        "没有任何改动，稍后再按一次。",
        "Nothing was done. Press again shortly.",
    ),
    # actions
    "action.copy": ("复制", "Copy"),
    "action.copy_value": ("复制 {value}", "Copy {value}"),
    "action.copied": ("已复制", "Copied"),
    "action.retry": ("重试", "Try again"),
    "action.cancel": ("取消", "Cancel"),
    "action.clear_filters": ("清除筛选", "Clear filters"),
    "action.csv": ("下载 CSV", "Download CSV"),
    "action.chart": ("图", "Chart"),
    "action.table": ("表", "Table"),
    "action.view": ("查看方式", "View as"),
    # tables
    "table.first": ("第一页", "First page"),
    "table.previous": ("上一页", "Previous page"),
    "table.next": ("下一页", "Next page"),
    "table.rows": ("第 {first}–{last} 条", "Rows {first}–{last}"),
    "table.rows_from_cursor": ("{count} 条", "{count} rows"),
    "table.sort": ("按“{column}”排序", "Sort by {column}"),
    "table.ascending": ("升序", "ascending"),
    "table.descending": ("降序", "descending"),
    "table.filters": ("筛选", "Filters"),
    "day.form": ("年-月-日", "yyyy-mm-dd"),
    "day.pick": ("选择日期：{field}", "Pick a day: {field}"),
    # dialogs
    "confirm.type": ("请输入“{name}”以确认", "Type “{name}” to confirm"),
    "confirm.reversible": ("之后可以撤销。", "This can be undone."),
    "confirm.irreversible": ("此操作无法撤销。", "This cannot be undone."),
    # errors
    "problem.refusal": ("请求被规则拒绝", "A rule refused this"),
    "problem.outage": ("暂时不可用", "Temporarily unavailable"),
    "problem.unknown": ("结果未知", "The outcome is not known"),
    "problem.bug": ("页面出错了", "Something went wrong here"),
    "problem.refusal_note": (
        "没有任何改动。请检查地址或筛选条件。",
        "Nothing was changed. Check the address or the filters.",
    ),
    "problem.outage_note": (
        "没有任何改动，已入账的数据都在。稍后重试。",
        "Nothing was changed, and all that was booked is kept. Try again shortly.",
    ),
    "problem.unknown_note": (
        "回执丢失。重试之前，请先按编号查询结果。",
        "The answer was lost. Ask by the id before trying again.",
    ),
    "problem.bug_note": (
        "数据没有受影响。请把跟踪号告诉维护人员。",
        "No data was affected. Give the trace id to whoever runs this system.",
    ),
    "problem.trace": ("跟踪号", "Trace id"),
    "problem.detail": ("技术细节", "Technical detail"),
    # units
    "unit.day": ("天", "d"),
    "unit.hour": ("小时", "h"),
    "unit.minute": ("分", "min"),
    "unit.second": ("秒", "s"),
    "time.zone": ("时间按 {zone}", "Times in {zone}"),
    "time.at": ("时间（{zone}）", "Time ({zone})"),
}
