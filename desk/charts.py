"""The report's two charts, drawn on the server: as SVG for pages, as PNG for Word.

Colours are Okabe and Ito's, told apart by the colour-blind; hatching tells them apart in print.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from data.problem import Problem
from ticketing.figures import Fact, Row

ON_TIME, LATE, OVERDUE = ("#0072B2", ""), ("#E69F00", "//"), ("#D55E00", "xx")
FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
)
SHOWN = 10  # units in the chart
HOURS = 24.0  # on the axis of the waiting chart


def units(rows: Sequence[Row], form: str = "svg") -> bytes:
    """How the units with the most tickets answered: on time, late, not at all."""
    shown = [r for r in rows if r.judged][:SHOWN][::-1]
    with _drawing((7.2, 0.6 + 0.36 * max(1, len(shown))), form) as (axes, out):
        _bars(axes, shown)
    return out.getvalue()


def _bars(axes: Any, shown: Sequence[Row]) -> None:
    left = [0] * len(shown)
    names = [r.name for r in shown]
    for label, (colour, hatch), values in (
        ("按时", ON_TIME, [r.within for r in shown]),
        ("超时答复", LATE, [r.late for r in shown]),
        ("逾期未答", OVERDUE, [r.overdue for r in shown]),
    ):
        axes.barh(names, values, left=left, color=colour, hatch=hatch, edgecolor="white", label=label)
        left = [a + b for a, b in zip(left, values, strict=True)]
    for i, total in enumerate(left):
        axes.text(total, i, f" {shown[i].within}/{shown[i].judged}", va="center", fontsize=8)
    axes.set_xlabel("件")
    if shown:
        axes.legend(loc="lower right", fontsize=8, frameon=False)


def waiting(facts: Sequence[Fact], form: str = "svg") -> bytes:
    """The share answered within so many hours, the silent counted as waiting, with its 95 % band."""
    with _drawing((7.2, 2.8), form) as (axes, out):
        _steps(axes, facts)
        axes.axvline(4, color="#555555", linestyle="--", linewidth=1)
        axes.text(4.15, 3, "4 小时", fontsize=8, color="#555555")
        axes.set(xlim=(0, HOURS), ylim=(0, 100), xlabel="交办后的小时数", ylabel="已在原帖答复的 %")
    return out.getvalue()


def _steps(axes: Any, facts: Sequence[Fact]) -> None:
    import numpy as np

    from ticketing.survival import answered_share

    over = [f.first.seconds for f in facts if f.first.over]
    if over:
        times, share, low, high = answered_share(over, [f.first.seconds for f in facts if not f.first.over])
        hours = np.concatenate([[0.0], times / 3600])
        axes.step(hours, np.concatenate([[0.0], share]) * 100, where="post", color=ON_TIME[0], label="已答复")
        band = (np.concatenate([[0.0], edge]) * 100 for edge in (low, high))
        axes.fill_between(hours, *band, step="post", color=ON_TIME[0], alpha=0.2, linewidth=0, label="95% 区间")
        axes.legend(loc="lower right", fontsize=8, frameon=False)


@contextmanager
def _drawing(size: tuple[float, float], form: str) -> Iterator[tuple[Any, io.BytesIO]]:
    """Axes to draw on, and where the finished picture will be."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    settings: Any = {
        "font.family": [_font()],
        "axes.unicode_minus": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "liandong",
    }
    out = io.BytesIO()
    with rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        yield axes, out
        # Without the date the same report is the same file.
        figure.savefig(out, format=form, dpi=180, metadata={"Date": None} if form == "svg" else None)


def missing() -> str:
    """Why no chart can be drawn on this machine, in Chinese; empty where they can."""
    return "" if _chinese() else "这台机器没有中文字体，图表画不出来；请安装一种，例如 apt-get install fonts-noto-cjk"


def _font() -> str:
    """A font with Chinese letters; raises Problem where the machine has none."""
    font = _chinese()
    if font is None:
        raise Problem(missing())
    return font


@cache
def _chinese() -> str | None:
    from matplotlib import font_manager

    known = {f.name for f in font_manager.fontManager.ttflist}
    return next((name for name in FONTS if name in known), None)
