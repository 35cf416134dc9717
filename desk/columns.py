"""The columns of the latency report: one table for the page, the terminal, Excel, CSV and Word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ticketing.figures import Row
from ticketing.ranking import Rate
from ticketing.survival import Quantile


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and how a row fills it: ``text`` for people, ``value`` for a spreadsheet to reckon with."""

    name: str
    text: Callable[[Row], str]
    value: Callable[[Row], float | int | str | None]
    unit: str = ""  # of ``value``
    counted: str = ""  # the count behind it (a key of ``ticketing.figures.COUNTED``), where there is one

    @property
    def heading(self) -> str:
        """The heading over values."""
        return f"{self.name}（{self.unit}）" if self.unit else self.name


def _count(name: str, counted: str) -> Column:
    def of(row: Row) -> int:
        return int(getattr(row, counted))

    return Column(name, lambda r: str(of(r)), of, counted=counted)


def _time(name: str, of: Callable[[Row], float | None]) -> Column:
    return Column(
        name, lambda r: duration(of(r)), lambda r: None if (s := of(r)) is None else round(s / 3600, 3), "小时"
    )


def _rate(name: str, of: Callable[[Row], Rate], counted: str) -> Column:
    """``counted``: its denominator."""
    return Column(name, lambda r: share(of(r)), lambda r: of(r).share, counted=counted)


def _interval(name: str, of: Callable[[Row], Quantile]) -> Column:
    return Column(name, lambda r: interval(of(r)), lambda r: interval(of(r)))


COLUMNS: Sequence[Column] = (
    _count("交办", "filed"),
    _rate("按时答复率", lambda r: r.on_time, "judged"),
    _count("按时", "within"),
    _count("超时答复", "late"),
    _count("逾期未答", "overdue"),
    _count("待答复", "open"),
    _count("无法核实", "unverifiable"),
    _count("帖子已撤", "withdrawn"),
    _time("首次答复中位", lambda r: r.first.value),
    _interval("首次答复中位的 95% 区间", lambda r: r.first),
    _time("首次答复 P90", lambda r: r.first_p90.value),
    _time("实质答复中位", lambda r: r.substance.value),
    _time("实质答复 P90", lambda r: r.substance_p90.value),
    _time("工作时间中位", lambda r: r.worked.value),
    _time("只看已答复的中位，偏小，仅供对照", lambda r: r.naive),
    _count("退单", "returned"),
    _count("重办", "reopened"),
    _rate("解决率", lambda r: r.solution, "asked"),
    _rate("满意率", lambda r: r.satisfaction, "rated"),
    _time("联动办决定用时中位", lambda r: r.deciding),
    _time("联动办发出用时中位", lambda r: r.sending),
)

SHORT = (
    "交办",
    "按时答复率",
    "超时答复",
    "逾期未答",
    "待答复",
    "无法核实",
    "帖子已撤",
    "首次答复中位",
    "首次答复 P90",
    "实质答复中位",
)
NARROW: Sequence[Column] = tuple(c for c in COLUMNS if c.name in SHORT)  # what fits on a terminal or a printed page

DEFINITIONS: Sequence[tuple[str, str]] = (
    ("应答时限", "从交办（办公系统受理的时刻）起的小时数，昼夜不停（设为只计值班时间的除外），与单位何时签收无关；单位或论坛另有约定的按约定。"),
    ("联动办用时", "决定用时从网民发帖到值班员决定，发出用时从决定到办公系统受理；都不算在单位头上。协办、改派不重复计。"),
    ("按时答复率", "按时 ÷（按时 + 超时答复 + 逾期未答）。待答复、无法核实、帖子已撤不进分母，另列出来。方括号里是 95% Wilson 区间；分母不足 10 的标“样本少”。"),
    ("逾期未答", "时限已过，且在时限之后完整读过一次原帖，没有看到承办单位的答复。"),
    ("无法核实", "时限已过，但之后没能完整读到原帖（论坛故障、要求登录、拒绝访问等）。不算单位的责任。"),
    ("帖子已撤", "时限之前帖子已被删除或隐藏。"),
    ("首次答复", "从交办（办公系统受理的时刻）到承办单位、其上级或承继单位的官方账号第一次在原帖答复的日历时间；早于交办的记 0。“已收到、已转交”也算；联动办账号转交、其他单位答复、冒名账号不算。"),
    ("实质答复", "同上，但不算只说已收到、已转交的答复。"),
    ("中位、P90", "尚未答复的按“至少等了这么久”计入（Kaplan–Meier）：S(t) = ∏(1 − dᵢ/nᵢ)，dᵢ 是在 tᵢ 答复的件数，nᵢ 是到 tᵢ 仍在等的件数；中位是 S(t) ≤ 0.5 的最小 t，P90 是 S(t) ≤ 0.1 的最小 t；曲线降不到的写“—”。区间为 Brookmeyer–Crowley 95% 区间。"),
    ("工作时间", "只计工作日 8:00–18:00，调休按国务院公布的安排。"),
    ("名次", "按时答复率的区间不重叠才分先后；“2–5”表示可能在第 2 到第 5 名之间。"),
    ("解决率", "回访时说已解决的 ÷ 回访过的。"),
    ("满意率", "表示满意的 ÷ 作出评价的（回访，没有回访的看论坛自带的评价）。"),
    ("环比、同比", "环比是紧接的前一段同样长的时间，同比是去年同样的日期。"),
)  # fmt: skip


def share(rate: Rate) -> str:
    """``76%（123/161）``, never a bare per cent."""
    if rate.share is None:
        return "—（0/0）"
    small = "，样本少" if rate.small else ""
    return f"{rate.share:.0%}（{rate.hits}/{rate.total}{small}）"


def interval(quantile: Quantile) -> str:
    """A quantile's 95 % interval; an end the data do not reach is said to be open."""
    if quantile.value is None:
        return "—"
    low = duration(quantile.low) if quantile.low is not None else "不定"
    return f"{low} – {duration(quantile.high) if quantile.high is not None else '不定'}"


def place(places: tuple[int, int] | None) -> str:
    """``3`` or ``2–5``: the places a unit may hold."""
    return "—" if places is None else str(places[0]) if places[0] == places[1] else f"{places[0]}–{places[1]}"


def duration(seconds: float | None) -> str:
    """A length of time as staff read it."""
    if seconds is None:
        return "—"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} 分"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时 {minutes % 60} 分"
    return f"{minutes / 60 / 24:.1f} 天"
