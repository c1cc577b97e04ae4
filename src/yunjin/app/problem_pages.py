"""A page for every problem, where `type` of its document points to: `/problems/<code>`.

The words come from the classes and from `problem_words`; docs/reference says the same of them.
"""

import inspect
from collections.abc import Iterable
from html import escape
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from yunjin.app.problem_words import CHINESE
from yunjin.kernel.errors import Bug, NotFound, Outage, Problem, Refusal, Unknown


class Kind(NamedTuple):
    """What all problems of a kind have in common, in one language."""

    says: str
    done: str
    to_do: str


KINDS: Final[dict[type[Problem], Kind]] = {
    Refusal: Kind(
        "a rule said no",
        "Nothing.",
        "Read `detail` and the facts and act on them; the same request alone is refused again.",
    ),
    Outage: Kind(
        "something this needs is down",
        "Nothing.",
        "Try again with the same id after the seconds in `Retry-After`.",
    ),
    Unknown: Kind(
        "the answer was lost",
        "Perhaps all of it, perhaps nothing.",
        "Ask by the id, or send the same request with the same id again: it acts once.",
    ),
    Bug: Kind(
        "a check that always holds did not",
        "The command was stopped; what it had not committed is undone.",
        "Report the `trace_id`. The operator finds the facts under it in the log.",
    ),
}
_KINDS_ZH: Final[dict[type[Problem], Kind]] = {
    Refusal: Kind(
        "规则不允许", "未执行任何操作。", "请按 detail 与附带信息处理；原样重发仍会被拒。"
    ),
    Outage: Kind(
        "所需服务已停止", "未执行任何操作。", "请在 Retry-After 所示秒数后用同一编号重试。"
    ),
    Unknown: Kind(
        "应答丢失",
        "可能全部完成，也可能未执行。",
        "请按编号查询，或用同一编号重发相同请求：只生效一次。",
    ),
    Bug: Kind(
        "本应成立的检查未通过",
        "命令已中止；未提交的内容已撤销。",
        "请报告 trace_id；运维人员可据此在日志中找到详情。",
    ),
}
_LABELS: Final = (("done", "已做了什么", "What was done"), ("to_do", "该怎么办", "What to do"))
_STYLE: Final = """:root{color-scheme:light dark}
body{font:15px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;max-width:46rem;
margin:3rem auto;padding:0 1rem}h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:1.5rem 0 0}
p{margin:.25rem 0}table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0;vertical-align:top}
code{font-family:ui-monospace,monospace}"""


def problem_classes() -> list[type[Problem]]:
    """Return every kind of problem that is known here and has a code of its own, by code."""
    found: dict[str, type[Problem]] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        waiting += (problem := waiting.pop()).__subclasses__()
        ours = problem.__module__.startswith("yunjin.") and "code" in vars(problem)
        if not ours or problem is Problem or problem.__name__ != problem.__qualname__:
            continue
        if found.setdefault(problem.code, problem) is not problem:
            raise ValueError(f"expected one class for {problem.code}, was two")
    return [found[code] for code in sorted(found)]


def kind_of(problem: type[Problem]) -> type[Problem]:
    """Return which of the four kinds a problem is."""
    return next(kind for kind in problem.__mro__ if kind in KINDS)


def described(problem: type[Problem]) -> dict[str, Any]:
    """Return all there is to say of a problem, in both languages, as JSON values."""
    kind = kind_of(problem)
    title_zh, meaning_zh = CHINESE.get(problem.code, (problem.title, ""))
    meaning = " ".join((inspect.getdoc(problem) or "").split())
    return {
        "type": f"/problems/{problem.code}",
        "code": problem.code,
        "status": problem.status,
        "kind": kind.__name__,
        "zh": {"title": title_zh, "meaning": meaning_zh, **_KINDS_ZH[kind]._asdict()},
        "en": {"title": problem.title, "meaning": meaning, **KINDS[kind]._asdict()},
    }


def routes() -> list[Route]:
    """Return the addresses of the pages; call it once every room is loaded."""
    known = {one.code: described(one) for one in problem_classes()}

    def page(request: Request) -> Response:
        found = known.get(request.path_params["code"])
        if found is None:
            raise NotFound("There is no problem of this code; /problems lists them all.")
        return _answer(request, found, f"{found['zh']['title']} · {found['en']['title']}", _page)

    def listing(request: Request) -> Response:
        return _answer(request, {"items": list(known.values())}, "问题 · Problems", _list)

    return [Route("/problems", listing), Route("/problems/{code:path}", page)]


def _answer(request: Request, found: dict[str, Any], title: str, body: Any) -> Response:
    """Answer in HTML, or in JSON to whoever asks for that and not for HTML."""
    accepted = request.headers.get("accept", "")
    if "json" in accepted and "text/html" not in accepted:
        answer: Response = JSONResponse(found)
    else:
        answer = HTMLResponse(
            '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
            f"{body(found)}</body></html>"
        )
    answer.headers["vary"] = "Accept"
    return answer


def _page(found: dict[str, Any]) -> str:
    zh, en = found["zh"], found["en"]
    parts = [
        f"<h1>{escape(zh['title'])}</h1><p lang=en>{escape(en['title'])}</p>",
        f"<h2>含义 · Meaning</h2><p>{escape(zh['meaning'])}</p>",
        f"<p lang=en>{escape(en['meaning'])}</p>",
        f"<h2>种类 · Kind</h2><p>HTTP {found['status']} · <code>{found['code']}</code> · "
        f"{found['kind']}: {escape(zh['says'])} · <span lang=en>{escape(en['says'])}</span></p>",
    ]
    for key, label_zh, label_en in _LABELS:
        parts.append(f"<h2>{label_zh} · {label_en}</h2>")
        parts.append(f"<p>{escape(zh[key])}</p><p lang=en>{escape(en[key])}</p>")
    parts.append('<p><a href="/problems">所有问题 · All problems</a></p>')
    return "".join(parts)


def _list(found: dict[str, Iterable[dict[str, Any]]]) -> str:
    rows = "".join(
        f'<tr><td><a href="{one["type"]}"><code>{one["code"]}</code></a></td>'
        f"<td>{one['status']}</td><td>{escape(one['zh']['title'])}</td>"
        f"<td lang=en>{escape(one['en']['title'])}</td></tr>"
        for one in found["items"]
    )
    return (
        f"<h1>问题 · Problems</h1><p>application/problem+json (RFC 9457)</p><table>{rows}</table>"
    )
