"""Does the desk group the posts of one matter? Three hundred pairs of real messages, read and labelled by hand.

    python -m bench.measure_duplicates [FOLDER]      FOLDER: where messages.csv is, else ../shared/data

The pairs (bench/labels/duplicates.csv) were drawn by chance from all pairs within 30 days of each other, 50 from each
band of the cosine of their words' TF-IDF: 0.15, 0.25, 0.35, 0.45, 0.6, 0.8 and up. 1 is the same trouble at the same place.
Every pair counts for as many as its band has, so that the figures are those of all such pairs; pairs below 0.15 are
taken to be of different matters.
"""

from __future__ import annotations

import csv
import sys
from datetime import timedelta
from pathlib import Path

from bench.measure_hot_issues import FOLDER, messages
from classifier.rows import read_rows
from ticketing.similar import Index

LABELS = Path(__file__).parent / "labels" / "duplicates.csv"
BANDS = ((0.15, 2615), (0.25, 1183), (0.35, 554), (0.45, 277), (0.6, 135), (0.8, 387))  # from, pairs there are
EACH = 50


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if not (folder / "messages.csv").is_file():
        print(f"跳过：{folder} 里没有 messages.csv；真实留言不随项目发布，放到那里再运行")
        return
    titles, texts, times = messages(folder / "messages.csv")
    ids = [r.cells["id"] for r in read_rows(folder / "messages.csv") if not r.problem]
    index = Index()
    for i, key in enumerate(ids):
        index.add(key, titles[i], texts[i], times[i])
    when = dict(zip(ids, times, strict=True))
    truth = labels()
    likes = {one: dict(index.like(one)) for one, _ in truth}
    said = {
        (one, other): other in likes[one] and abs(when[one] - when[other]) <= timedelta(days=30) for one, other in truth
    }
    plain(truth, said)


def labels() -> dict[tuple[str, str], tuple[int, float]]:
    """Pair -> label and how many pairs it stands for. The file keeps the bands in their order, EACH of them."""
    with LABELS.open(encoding="utf-8", newline="") as lines:
        rows = [tuple(row) for row in csv.reader(lines)][1:]
    return {(a, b): (int(label), BANDS[n // EACH][1] / EACH) for n, (a, b, label) in enumerate(rows)}


def plain(truth: dict[tuple[str, str], tuple[int, float]], said: dict[tuple[str, str], bool]) -> None:
    """Precision and recall of the pairs as they are, and weighed to all pairs."""
    for name, weighed in (("300 对本身", False), ("按各段对数加权", True)):

        def total(pairs: list[tuple[str, str]], weighed: bool = weighed) -> float:
            return sum(truth[p][1] if weighed else 1 for p in pairs)

        both = [p for p, (label, _) in truth.items() if label and said[p]]
        shown, wanted = [p for p in truth if said[p]], [p for p, (label, _) in truth.items() if label]
        print(
            f"{name}：准确率 {total(both) / total(shown):.3f}（{len(both)}/{len(shown)}），"
            f"召回率 {total(both) / total(wanted):.3f}（{len(both)}/{len(wanted)}）"
        )


if __name__ == "__main__":
    main()
