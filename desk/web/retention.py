"""The administrator's page of what is kept for how long, what was erased, and how much room there is."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from data.store.erasures import RULES
from desk.sizes import megabytes
from desk.web.context import me, now, the_city
from ticketing import retention
from ticketing.room import nearly_full, room

pages = Blueprint("retention", __name__, url_prefix="/retention")

MOST = 2000  # of each rule at one press; the rest at the next, or by the nightly run
SETTINGS = {"contacts": "contacts_days", "text": "text_days", "pages": "pages_days"}
NAMES = {
    "posts": "帖子",
    "replies": "跟帖",
    "versions": "帖子和跟帖改动前的内容",
    "snapshots": "网页快照",
    "reads": "读取记录",
    "listing": "版块列表",
    "health": "论坛读取情况",
    "suggestions": "分析和建议",
    "decisions": "值班员的决定",
    "tickets": "工单",
    "events": "工单经过",
    "verdicts": "判定",
    "outbox": "交办和通知",
    "audit": "操作记录",
    "counts": "晴雨表计数",
    "runs": "运行记录",
    "reference": "参考表",
    "free": "空着，先用这里",
}
LARGEST = 12  # tables shown one by one


@pages.get("")
def index() -> str:
    """What is kept how long, what is due, what was erased before; the tables by size."""
    city = the_city()
    takes = room(city, now())
    return render_template(
        "retention.html",
        due=retention.due(city, now()),
        rules=RULES,
        settings=SETTINGS,
        done=city.store.retention.erasures(20),
        room=takes,
        tight=nearly_full(city),
        tables=_tables(takes.tables),
        size=megabytes,
        most=MOST,
    )


def _tables(sizes: Mapping[str, int]) -> list[tuple[str, int]]:
    """The largest by name, what is left together; the word index is several tables of one thing."""
    found: dict[str, int] = {}
    for table, size in sizes.items():
        name = "检索用的词" if table.startswith("_") else NAMES.get(table, "其他")
        found[name] = found.get(name, 0) + size
    ordered = sorted(found.items(), key=lambda f: (f[0] == "其他", -f[1]))
    return ordered[:LARGEST] + [("其余", sum(n for _, n in ordered[LARGEST:]))] * bool(ordered[LARGEST:])


@pages.post("/erase")
def erase() -> Response:
    """Erase what is due now, and say what is left."""
    counts = retention.erase(the_city(), now(), me().name, MOST)
    said = "，".join(f"{RULES[rule]} {n}" for rule, n in counts.items())
    flash(f"已删除：{said}" if said else "没有到期的，什么都没有删", "ok")
    if any(d.count for d in retention.due(the_city(), now())):
        flash("还有到期的没有删完；再按一次，或等每天凌晨的运行", "warn")
    return redirect(url_for("retention.index"))
