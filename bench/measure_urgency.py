"""Kind and urgency on messages read and labelled by hand (bench/labels), and requests on sentences written for it.

    python -m bench.measure_urgency [FOLDER]      FOLDER: where messages.csv is, else ../shared/data; see docs/labels.md

Labels whose number is even were looked at while the rules were written, odd ones were not.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from classifier.rows import columns, message, read_rows
from classifier.shipped import shipped_model
from classifier.suggest import Suggester
from data.records import Kind, Post, Suggestion, Urgency
from data.reference import load

FOLDER = Path(__file__).parents[2] / "shared" / "data"
LABELS = Path(__file__).with_name("labels")
NOW = datetime(2020, 1, 1, tzinfo=UTC)
SOON = (Urgency.EMERGENCY.value, Urgency.IMMEDIATE.value)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    reference = load()
    suggester = Suggester(shipped_model(reference), reference)
    requests(suggester)
    if not (folder / "messages.csv").is_file():
        print(f"跳过：{folder} 里没有 messages.csv；真实留言不随项目发布，放到那里再运行")
        return
    texts = messages(folder / "messages.csv")
    for half in (0, 1, None):
        name = {0: "调规则用的一半", 1: "没看过的一半", None: "全部"}[half]
        kinds(f"诉求类型，300 条，{name}", suggester, texts, labels("kind.csv", half))
        urgency(f"紧急程度，300 条，{name}", suggester, texts, labels("urgency.csv", half))
        both = labels("urgency.csv", half) | labels("urgency_wide.csv", half)
        urgency(f"紧急程度，300 条和全部候选，{name}", suggester, texts, both)
    if (folder / "replies.csv").is_file():
        others = messages(folder / "replies.csv")
        urgency("紧急程度，另 140 条候选（replies.csv）", suggester, others, labels("urgency_fresh.csv", None))


def labels(file: str, half: int | None) -> dict[str, str]:
    """Message id -> label; ``half``: 0 the even rows, 1 the odd ones."""
    with (LABELS / file).open(encoding="utf-8", newline="") as lines:
        rows = [tuple(row) for row in csv.reader(lines)][1:]
    return {i: label for n, (i, label) in enumerate(rows) if half is None or n % 2 == half}


def messages(path: Path) -> dict[str, tuple[str, str]]:
    """Message id -> title and body."""
    rows = [r.cells for r in read_rows(path) if not r.problem]
    found = columns(path, list(rows[0]))
    return {r["id"]: message(r, found) for r in rows}


def suggested(
    suggester: Suggester, texts: Mapping[str, tuple[str, str]], asked: Mapping[str, str]
) -> dict[str, Suggestion]:
    """Message id -> what is suggested for it."""
    posts = [Post("", i, "", "", texts[i][0], None, NOW, texts[i][1]) for i in asked]
    return {s.thread: s for s in suggester.suggest(posts, NOW)}


def kinds(name: str, suggester: Suggester, texts: Mapping[str, tuple[str, str]], truth: Mapping[str, str]) -> None:
    found = suggested(suggester, texts, truth)
    pairs = [(truth[i], found[i].kind.value) for i in truth]
    each = {k.value: f1(pairs, k.value) for k in Kind}
    right = sum(t == p for t, p in pairs) / len(pairs)
    shown = " ".join(f"{k} {v:.2f}" for k, v in each.items())
    print(f"{name}：{len(pairs)} 条，准确率 {right:.3f}，宏平均 F1 {sum(each.values()) / len(each):.3f}（{shown}）")


def urgency(name: str, suggester: Suggester, texts: Mapping[str, tuple[str, str]], truth: Mapping[str, str]) -> None:
    """即办 and emergencies together: what must be told at once and is."""
    found = suggested(suggester, texts, truth)
    said = {i for i in truth if found[i].urgency.value in SOON}
    wanted = {i for i in truth if truth[i] in SOON}
    top = {i for i in truth if truth[i] == Urgency.EMERGENCY}
    alarmed = {i for i in truth if found[i].urgency is Urgency.EMERGENCY}
    hit = len(said & wanted)
    print(
        f"{name}：{len(truth)} 条，应即办 {len(wanted)}，查出 {hit}，召回 {hit / max(1, len(wanted)):.3f}，"
        f"精确 {hit / max(1, len(said)):.3f}；其中紧急 {len(top)}，报警 {len(alarmed)}，对 {len(top & alarmed)}"
    )


def requests(suggester: Suggester) -> None:
    with (LABELS / "request_test.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    posts = [Post("", r["id"], "", "", "", None, NOW, r["text"]) for r in rows]
    pairs = [
        (r["is_request"], str(int(s.is_request))) for r, s in zip(rows, suggester.suggest(posts, NOW), strict=True)
    ]
    print(f"是不是诉求，{len(rows)} 条另写的句子：F1 {f1(pairs, '1'):.3f}，非诉求的 F1 {f1(pairs, '0'):.3f}")


def f1(pairs: Sequence[tuple[str, str]], label: str) -> float:
    """Of (truth, said) pairs, for one label; 0 where it never occurs."""
    hit = sum(t == p == label for t, p in pairs)
    return 2 * hit / max(1, sum(t == label for t, _ in pairs) + sum(p == label for _, p in pairs))


if __name__ == "__main__":
    main()
