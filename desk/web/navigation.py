"""The main navigation: what everybody opens all day, then menus of what belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, request

from desk.web.access import may
from desk.web.context import me

# The title of a menu -> its pages; those without a title stand in the bar themselves.
MENUS: Mapping[str, Mapping[str, str]] = {
    "": {
        "today.page": "今日",
        "queue.home": "队列",
        "by_hand.form": "录入",
        "tickets.index": "工单",
        "search.index": "检索",
    },
    "报告": {"overview.report": "时限报表", "barometer.page": "晴雨表", "bridge.index": "连心桥"},
    "运行": {
        "rota.page": "值班",
        "overview.boards": "论坛",
        "outbox.index": "没有发成的",
        "overview.status": "运行状态",
    },
    "管理": {
        "admin.index": "概览",
        "users.index": "用户",
        "reference.index": "参考表",
        "models.index": "模型",
        "retention.index": "保存期限",
        "audit.index": "操作记录",
    },
}
# Pages that are reached from another one, by blueprint.
BEHIND = {"behind": "overview.report"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation; ``here`` when it is the one that is open."""

    endpoint: str
    name: str
    here: bool


def install(app: Flask) -> None:
    """Let every page show the navigation."""
    app.jinja_env.globals["menus"] = menus


def menus() -> Sequence[tuple[str, Sequence[Entry]]]:
    """The menus with the pages whoever is asking may open; none that is empty, and none before the own password."""
    if me().fresh:
        return []
    open_now = _open_now()
    found = [
        (title, [Entry(endpoint, name, endpoint == open_now) for endpoint, name in pages.items() if may(endpoint)])
        for title, pages in MENUS.items()
    ]
    return [(title, entries) for title, entries in found if entries]


def _open_now() -> str:
    """The page of the navigation that is open, or to which the open one belongs; empty for none."""
    endpoint, blueprint = request.endpoint or "", request.blueprint or ""
    known = [known for pages in MENUS.values() for known in pages]
    if endpoint in known:
        return endpoint
    alike = [known for known in known if known.partition(".")[0] == blueprint]
    return BEHIND.get(blueprint, alike[0] if len(alike) == 1 else "")
