"""Units on messages whose reply names who dealt with them (bench/replies.py): by the tables alone, and after 200 decisions.

    python -m bench.measure_units [FOLDER]      FOLDER: where replies.csv is, else ../shared/data; see docs/labels.md

bench/labels/units.csv holds what the rule found (id,unit); ``--write`` writes it anew.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

from bench.replies import dealt_with
from classifier.duties import Duties
from classifier.handing import handed
from classifier.model import Model, train
from classifier.samples import Sample, shipped_samples
from classifier.shipped import cautious, shipped_model
from classifier.suggest import Suggester
from classifier.tokens import city_words
from data.records import Post
from data.reference import Reference, load

FOLDER = Path(__file__).parents[2] / "shared" / "data"
LABELS = Path(__file__).with_name("labels") / "units.csv"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
DECISIONS, REPEATS = 200, 5


def main() -> None:
    folder = Path(next((a for a in sys.argv[1:] if not a.startswith("-")), FOLDER))
    if not (folder / "replies.csv").is_file():
        print(f"跳过：{folder} 里没有 replies.csv；真实留言不随项目发布，放到那里再运行")
        return
    with (folder / "replies.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if "--write" in sys.argv:
        write(rows)
    truth = labels()
    reference = load()
    for today in (True, False):
        posts = [_post(r, today) for r in rows if r["id"] in truth]
        name = "今天的单位" if today else "留言当日的单位"
        compare(name, posts, truth, reference)


def compare(name: str, posts: Sequence[Post], truth: dict[str, str], reference: Reference) -> None:
    """Without a decision, and after DECISIONS random ones, tested on the others, REPEATS times."""
    shipped = shipped_model(reference)
    heads = {q: h for q, h in shipped.heads.items() if q != "unit"}
    duties = Duties(reference)
    show(f"{name}，只凭职责表", [figures(Model("", shipped.features, heads), posts, truth, reference, duties)])
    show(f"{name}，随包样本", [figures(shipped, posts, truth, reference, duties)])
    found = []
    for repeat in range(REPEATS):
        mixed = list(posts)
        random.Random(repeat).shuffle(mixed)
        taught = [Sample(p.text, unit=truth[p.thread]) for p in mixed[:DECISIONS]]
        lesson = [*shipped_samples(reference), *taught]
        model = handed(cautious(train(lesson, city_words(reference))), lesson, reference)
        found.append(figures(model, mixed[DECISIONS:], truth, reference, duties))
    show(f"{name}，{DECISIONS} 条决定之后（{REPEATS} 次平均）", found)


def figures(
    model: Model, posts: Sequence[Post], truth: dict[str, str], reference: Reference, duties: Duties
) -> tuple[int, float, float, float]:
    """Rows, share right at first, among three, and the calibration error of the first choice."""
    suggestions = Suggester(model, reference).suggest(posts, NOW)
    wanted = [_current(truth[p.thread], p, duties) for p in posts]
    first = [s.units[0].name == w for s, w in zip(suggestions, wanted, strict=True)]
    three = [w in [c.name for c in s.units[:3]] for s, w in zip(suggestions, wanted, strict=True)]
    return len(posts), mean(first), mean(three), gap([s.units[0].p for s in suggestions], first)


def gap(sure: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error of the first choice, in ten boxes."""
    boxes = [min(int(p * 10), 9) for p in sure]
    inside = [[(p, hit) for p, hit, b in zip(sure, right, boxes, strict=True) if b == box] for box in set(boxes)]
    return sum(abs(sum(p for p, _ in part) - sum(hit for _, hit in part)) for part in inside) / len(sure)


def show(name: str, found: Sequence[tuple[int, float, float, float]]) -> None:
    rows, first, three, off = (mean(f[i] for f in found) for i in range(4))
    print(f"{name:<28} 条数 {rows:.0f}  第一 {first:.3f}  前三 {three:.3f}  校准误差 {off:.3f}", flush=True)


def labels() -> dict[str, str]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        return dict(list(csv.reader(lines))[1:])


def write(rows: Sequence[dict[str, str]]) -> None:
    found = [(r["id"], unit) for r in rows if (unit := dealt_with(r["reply"]))]
    with LABELS.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows([("id", "unit"), *found])


def _current(unit: str, post: Post, duties: Duties) -> str:
    number = duties.number(unit)
    if number is None:
        return unit
    return duties.units[duties.current(post.posted_at.astimezone(ZONE).date())[number]]


def _post(row: dict[str, str], today: bool) -> Post:
    day = date(2020, 1, 1) if today else date.fromisoformat(row["posted_at"][:10].replace("/", "-"))
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    return Post("", row["id"], "", "", row["title"].strip(), None, at, row["text"].strip())


if __name__ == "__main__":
    main()
