"""What the centres' pages say, in Chinese and English."""

from typing import Final

from yunjin.platforms.capability.pages.words_businesses import BUSINESSES
from yunjin.platforms.capability.pages.words_clearing import CLEARING
from yunjin.platforms.capability.pages.words_documents import DOCUMENTS, MESSAGES
from yunjin.platforms.capability.pages.words_drawings import DRAWINGS
from yunjin.platforms.capability.pages.words_lending import COLLECTION, LENDING
from yunjin.platforms.capability.pages.words_limits import LIMITS
from yunjin.platforms.capability.pages.words_offers import CONTRACTS, OFFERS
from yunjin.platforms.capability.pages.words_parties import SHOWN
from yunjin.platforms.capability.pages.words_party_deeds import DONE
from yunjin.platforms.capability.pages.words_payments import PAYMENTS
from yunjin.platforms.capability.pages.words_points import POINTS
from yunjin.platforms.capability.pages.words_pricing import PRICING
from yunjin.platforms.capability.pages.words_reports import REPORTS
from yunjin.platforms.capability.pages.words_takeover import TAKEOVER
from yunjin.platforms.capability.pages.words_tasks import TASKS

CATALOGUE: Final[dict[str, tuple[str, str]]] = {
    "capability.centres": ("能力目录", "Capability catalogue"),
    "capability.centres_note": (
        "由代码生成：每个中心能做什么、如何撤销、承诺多快",
        "Made of the code: what each centre does, how it is undone, how fast it is held to be",
    ),
    "capability.centre": ("中心", "Centre"),
    "capability.purpose": ("职责", "Purpose"),
    "capability.bian": ("BIAN 服务域", "BIAN service domains"),
    "capability.commands": ("命令", "Commands"),
    "capability.queries": ("查询", "Queries"),
    "capability.events": ("事件", "Events"),
    "capability.points": ("扩展点", "Extension points"),
    "capability.no_points": ("没有扩展点", "It has no extension points"),
    "capability.slo": ("服务目标", "Service level"),
    "capability.slo_words": (
        "99% 的调用 ≤ {ms} 毫秒，可用 {available}%",
        "99 % of calls ≤ {ms} ms, available {available} %",
    ),
    "capability.operation": ("操作", "Operation"),
    "capability.does": ("说明", "What it does"),
    "capability.takes": ("参数", "Takes"),
    "capability.answers": ("返回", "Answers"),
    "capability.undone_by": ("如何撤销", "Undone by"),
    "capability.refuses": ("可能拒绝：{refusals}", "May refuse with {refusals}"),
    "capability.point.step": ("步骤", "Step"),
    "capability.point.parameter": ("参数", "Parameter"),
    "capability.point.field": ("表单项", "Form field"),
    "capability.point.product": ("产品", "Product"),
}
WORDS: Final[dict[str, tuple[str, str]]] = {
    **CATALOGUE,
    **CONTRACTS,
    **DOCUMENTS,
    **MESSAGES,
    **OFFERS,
    **CLEARING,
    **BUSINESSES,
    **DRAWINGS,
    **LENDING,
    **COLLECTION,
    **LIMITS,
    **PAYMENTS,
    **POINTS,
    **PRICING,
    **REPORTS,
    **SHOWN,
    **DONE,
    **TAKEOVER,
    **TASKS,
}
