"""How good and how fast the classifier is, on real messages that are not part of the project.

    python -m bench.measure_classifier [FOLDER]      FOLDER: where categories.csv and messages.csv are, else ../shared/data

Everything is measured as it is served: the shipped model, the units' table, all outputs of a suggestion.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench import rivals
from classifier.evaluate import crossed, evaluate
from classifier.model import train
from classifier.modelfile import save
from classifier.rows import columns, message, read_rows
from classifier.samples import Sample, first_level, read, shipped_samples
from classifier.shipped import shipped_model
from classifier.suggest import Suggester
from classifier.tokens import city_words
from data.records import Post
from data.reference import Reference, load
from desk.commands.model import LOCAL

FOLDER = Path(__file__).parents[2] / "shared" / "data"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
WRITTEN = date(2012, 6, 1)  # the units the shipped samples name are those of that day


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    reference = load()
    shipped = shipped_model(reference)
    written = shipped_samples(reference)
    table("自带样本，5 折交叉验证", crossed(written, 5, city_words(reference), reference, WRITTEN))
    for name, found in rivals.table(written):
        row(f"自带样本，同样的 5 折：{name}", found)
    if not (folder / "categories.csv").is_file():
        print(f"跳过：{folder} 里没有 categories.csv；真实留言不随项目发布，放到那里再运行")
        return
    samples = read(folder / "categories.csv", reference).samples
    row("自带模型，categories.csv（7 类）", evaluate(shipped, samples))
    row("categories.csv，5 折交叉验证", crossed(samples))
    for name, found in rivals.table(samples):
        row(f"categories.csv，同样的 5 折：{name}", found)
    elsewhere(samples, reference)
    with tempfile.TemporaryDirectory() as scratch:
        size(samples, Path(scratch) / "measure.model")
    speed(Suggester(shipped, reference), folder / "messages.csv")


def table(title: str, report: dict[str, Any]) -> None:
    """One line a question."""
    for question in ("category", "detail", "unit", "kind", "request", "emergency"):
        if found := report if question == "category" else report.get(question):
            row(f"{title} {question}", found)


def row(title: str, found: dict[str, Any]) -> None:
    sure = "  ".join(f"≥{p} {share:.1%}" for p, share in found["coverage_at_precision"].items())
    print(
        f"{title:<36} 条数 {found['rows']:>5}  准确率 {found['accuracy']:.4f}  宏平均 F1 {found['macro_f1']:.4f}"
        f"  前二 {found['top2']:.4f}  前三 {found['top3']:.4f}  校准误差 {found['calibration_error']:.4f}  覆盖 {sure}"
        + (f"  是诉求的 F1 {found['f1']:.4f}" if "f1" in found else "")
    )
    if held := found.get("held"):
        print(
            f"{'':<36} 下限不低于 0.98 的门槛取自另外几折：覆盖 {held['coverage']:.1%}，真实精确率 {held['precision']:.4f}"
        )


def elsewhere(samples: Sequence[Sample], reference: Reference) -> None:
    """Taught on categories.csv, asked about the written samples of the package, which are another province's: 300 of them local."""
    known = {s.category for s in samples}
    theirs = [
        Sample(s.text, first_level(s.category), is_request=None)
        for s in shipped_samples(reference)
        if not s.made and first_level(s.category) in known
    ]
    random.Random(0).shuffle(theirs)
    local, asked = theirs[:300], theirs[300:]
    for first in (None, 120):
        taught = [Sample(s.text[:first], s.category, is_request=None) for s in samples]
        said = f"外地模型（前 {first} 字）" if first else "外地模型"
        row(said, evaluate(train(taught), asked))
        row(f"{said}加 300 条本地", evaluate(train(taught + local * LOCAL), asked))
    row("只用 300 条本地", evaluate(train(local), asked))


def size(samples: tuple[Sample, ...], path: Path) -> None:
    """Training on all of it: how long, and how large the file."""
    start = time.perf_counter()
    model = train(samples)
    took = time.perf_counter() - start
    save(model, path)
    print(f"在 categories.csv 全部 {len(samples)} 条上训练 {took:.1f} 秒，模型文件 {path.stat().st_size / 1e6:.1f} MB")


def speed(suggester: Suggester, path: Path) -> None:
    """All outputs, in one batch and one at a time, on one core."""
    rows = [r.cells for r in read_rows(path) if not r.problem]
    found = columns(path, list(rows[0]))
    posts = [
        Post("", str(i), "", "", title, None, NOW, body)
        for i, (title, body) in enumerate(message(r, found) for r in rows)
    ]
    start = time.process_time()
    suggestions = suggester.suggest(posts, NOW)
    batch = len(posts) / (time.process_time() - start)
    start = time.process_time()
    for post in posts[:300]:
        suggester.suggest([post], NOW)
    single = 300 / (time.process_time() - start)
    doubtful = sum(bool(s.needs_person) for s in suggestions) / len(suggestions)
    print(f"messages.csv {len(posts)} 条：成批每秒 {batch:.0f} 条，逐条每秒 {single:.0f} 条；{doubtful:.0%} 交人看")


if __name__ == "__main__":
    main()
