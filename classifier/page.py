"""An evaluation as a file to keep: JSON with everything, CSV of the classes, or a page with tables and drawn curves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from classifier.evaluate import QUESTIONS
from classifier.samples import SampleError
from data.spreadsheet import inert

WIDTH, HEIGHT, EDGE = 460, 260, 46
STYLE = """body{font:15px/1.6 system-ui,"Noto Sans CJK SC",sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}
th:first-child,td:first-child{text-align:left}th{white-space:nowrap}.wide{overflow-x:auto}figure{display:inline-block;margin:0 1em 1em 0}figcaption{font-weight:600}
svg{max-width:100%;height:auto;background:#fafafa;border:1px solid #ddd}.hit{background:#e3f1e3}.miss{background:#fbe9e7}p{max-width:46em}"""
CLASS = (("label", "类别"), ("rows", "条数"), ("precision", "精确率"), ("recall", "召回率"), ("f1", "F1"))
Points = Sequence[tuple[float, float]]


def write(report: dict[str, Any], path: Path) -> None:
    """Write ``report`` (of ``evaluate`` or ``crossed``) by the suffix of ``path``. Raises SampleError."""
    kinds = {".json": _json, ".csv": _csv, ".html": _html}
    make = kinds.get(path.suffix.lower())
    if make is None:
        raise SampleError(f"{path}: 不会写“{path.suffix}”文件；请用 .json、.csv 或 .html")
    try:
        path.write_text(make(report), encoding="utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8", newline="")
    except OSError as error:
        raise SampleError(f"{path}: 写不了这个文件（{error.strerror or error}）") from None


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1, default=str) + "\n"


def _csv(report: dict[str, Any]) -> str:
    """Every class of every question, a line each."""
    target = io.StringIO()
    lines = csv.writer(target)
    lines.writerow(["question", *(key for key, _ in CLASS)])
    for question, part in _parts(report):
        for row in part["details"]["classes"]:
            lines.writerow(
                [question, inert(row["label"]), row["rows"], *(f"{row[k]:.4f}" for k in ("precision", "recall", "f1"))]
            )
    return target.getvalue()


def _parts(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    parts = [("category", report)] if "details" in report else []
    return parts + [(k, v) for k, v in report.items() if isinstance(v, dict) and "details" in v]


def _html(report: dict[str, Any]) -> str:
    body = "".join(_question(name, part) for name, part in _parts(report))
    curve, weeks = report.get("learning_curve") or [], report.get("drift") or []
    if curve:
        points = [(float(c["samples"]), float(c["macro_f1"])) for c in curve]
        body += "<h2>学习曲线</h2>" + _figure("样本数与宏平均 F1", [points], "样本", "F1", points[-1][0])
        body += _table(("样本", "宏平均 F1", "准确率"), [(c["samples"], c["macro_f1"], c["accuracy"]) for c in curve])
    if weeks:
        keys = ("week", "posts", "new_words", "sure", "distance")
        heading = ("周", "帖子", "生词比例", "平均把握", "类别分布的距离")
        body += "<h2>最近几周的漂移</h2>" + _table(heading, [[w[k] for k in keys] for w in weeks])
    title = f"分类模型评估 {report.get('model', '')}"
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>\n"
    )


def _question(name: str, part: dict[str, Any]) -> str:
    told = part["details"]
    keys = ("rows", "accuracy", "macro_f1", "top2", "top3", "calibration_error")
    heading = ("条数", "准确率", "宏平均 F1", "前二", "前三", "校准误差")
    alone = told["automatic"]
    words = (
        f"把握不低于 {alone['from']:.1%} 的 {alone['coverage']:.1%} 可不经人工：精确率 {alone['precision']:.2%}，"
        f"九成五的把握下不低于 {alone['proven']:.2%}。"
        if alone
        else "没有一个把握值能证明精确率达到 98%，都要由人看。"
    )
    shown = [(b["said"], b["right"]) for b in told["calibration"]]
    rising = [(c["coverage"], c["precision"]) for c in told["coverage"]]
    bound = [(c["coverage"], c["proven"]) for c in told["coverage"]]
    return (
        f"<h2>{escape(QUESTIONS[name])}</h2>{_table(heading, [[part[k] for k in keys]])}<p>{words}</p>"
        + _figure("说的把握与真对的比例", [shown, [(0, 0), (1, 1)]], "把握", "对的比例")
        + _figure("覆盖与精确率（下线：九成五的下限）", [rising, bound], "覆盖", "精确率")
        + _table([w for _, w in CLASS], [[row[k] for k, _ in CLASS] for row in told["classes"]])
        + (
            "<h3>混淆表（行是真的，列是猜的）</h3>" + _confusion(told["confusion"])
            if len(told["classes"]) <= 20
            else ""
        )
    )


def _table(heading: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    top = "".join(f"<th>{escape(h)}" for h in heading)
    lines = "".join("<tr>" + "".join(f"<td>{_cell(c)}" for c in row) for row in rows)
    return f'<div class="wide"><table><tr>{top}{lines}</table></div>'


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))


def _confusion(told: dict[str, Any]) -> str:
    labels = told["labels"]
    lines = "".join(
        f"<tr><th>{escape(label)}"
        + "".join(f'<td class="{"hit" if i == j else "miss" if n else ""}">{n}' for j, n in enumerate(row))
        for i, (label, row) in enumerate(zip(labels, told["rows"], strict=True))
    )
    top = "".join(f"<th>{escape(label)}" for label in labels)
    return f'<div class="wide"><table><tr><th>{top}{lines}</table></div>'


def _figure(title: str, curves: Sequence[Points], across: str, up: str, right: float = 1.0) -> str:
    """Curves in one picture; the height shows from a round share below the lowest point to 1."""
    least = min((y for curve in curves for _, y in curve), default=0.0)
    low = max(0.0, int(least * 10 - 0.01) / 10)
    marks = "".join(_mark(low, low + (1 - low) * i / 4, right * i / 4, right) for i in range(5))
    lines = "".join(_line([_at(x / right, y, low) for x, y in curve], n) for n, curve in enumerate(curves))
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-label="{escape(title)}" font-size="11">{marks}{lines}<text x="{WIDTH - 6}" y="{HEIGHT - 6}" '
        f'text-anchor="end">{escape(across)}</text><text x="6" y="14">{escape(up)}</text></svg></figure>'
    )


def _at(x: float, y: float, low: float) -> tuple[float, float]:
    return EDGE + x * (WIDTH - 2 * EDGE), HEIGHT - EDGE - (y - low) / (1 - low or 1) * (HEIGHT - 2 * EDGE)


def _mark(low: float, y: float, x: float, right: float) -> str:
    """A line across at ``y`` and the figures of both sides."""
    (left, height), (place, floor) = _at(0, y, low), _at(x / right, low, low)
    told = f"{x:.0f}" if right > 1 else f"{x:.0%}"
    return (
        f'<path d="M{left:.1f} {height:.1f}H{WIDTH - EDGE}" stroke="#ddd"/><text x="{left - 5:.1f}" y="{height + 4:.1f}" '
        f'text-anchor="end">{y:.3f}</text><text x="{place:.1f}" y="{floor + 16:.1f}" text-anchor="middle">{told}</text>'
    )


def _line(points: Points, number: int) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    if number:
        return f'<polyline points="{path}" fill="none" stroke="#999" stroke-dasharray="4 3"/>'
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#1f6fb2"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="#1f6fb2" stroke-width="2"/>{dots}'
