"""The list of units with a 24-hour team for 即办 matters, on one sheet for the day the network fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from data.reference import Reference, Unit

WIDE = 30  # duty words shown of a unit: enough to see whom to ring for what


@dataclass(frozen=True, slots=True)
class Line:
    """One unit on the list."""

    unit: str
    duty_phone: str
    officer: str
    phone: str
    duties: str

    @property
    def lacks(self) -> str:
        """What would be missed at night; empty when all is there."""
        return "" if self.duty_phone else "没有 24 小时值班电话"


def lines(reference: Reference, day: date) -> list[Line]:
    """The emergency units that exist on ``day``, in the unit table's order."""
    return [_line(u) for u in reference.units_on(day) if u.emergency]


def _line(unit: Unit) -> Line:
    duties = ""
    for word in unit.duties:
        if len(duties) + len(word) >= WIDE:
            break
        duties += f"{'、' if duties else ''}{word}"
    return Line(unit.name, unit.duty_phone, unit.officer, unit.phone, duties)


def rings(reference: Reference) -> list[tuple[str, str]]:
    """(number to ring, what for) of the emergency rules: 警情, fire and medical matters are not filed but rung."""
    found: dict[str, list[str]] = {}
    for rule in reference.rules:
        if rule.ring:
            found.setdefault(rule.ring, []).append(rule.name)
    return [(number, "、".join(names)) for number, names in sorted(found.items())]


STYLE = """
@page { size: A4; margin: 12mm }
body { font: 9.5pt/1.3 "Source Han Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", SimSun, sans-serif; color: #000 }
h1 { font-size: 16pt; margin: 0 0 2mm } p { margin: 0 0 3mm }
table { border-collapse: collapse; width: 100% } tr { break-inside: avoid } thead { display: table-header-group }
th, td { border: .3mm solid #000; padding: 1mm 1.6mm; text-align: left; vertical-align: top }
td.n { white-space: nowrap; font-weight: bold; font-variant-numeric: tabular-nums }
"""


def page(city: str, reference: Reference, day: date) -> str:
    """The list as one HTML page for A4 paper, with nothing to load."""
    rows = "\n".join(_row(i, line) for i, line in enumerate(lines(reference, day), 1))
    urgent = "　".join(f"<b>{escape(n)}</b> {escape(what)}" for n, what in rings(reference))
    heading = f"{escape(city)}即办联动单位 24 小时值班电话"
    return f"""<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>{heading}</title><style>{STYLE}</style>
<h1>{heading}</h1>
<p>{day:%Y-%m-%d} 印制。{urgent}</p>
<table><thead><tr><th>序号<th>单位<th>24 小时值班电话<th>联络员<th>手机<th>遇到什么找它</thead><tbody>
{rows}
</tbody></table></html>
"""


def _row(number: int, line: Line) -> str:
    cells: Sequence[tuple[str, str]] = (
        ("", str(number)),
        ("", line.unit),
        ("n", line.duty_phone or line.lacks),
        ("", line.officer),
        ("n", line.phone),
        ("", line.duties),
    )
    return "<tr>" + "".join(f"<td{f' class={c}' if c else ''}>{escape(text)}" for c, text in cells)
