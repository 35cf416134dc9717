"""Suggestions a second in batch, all outputs, against the naive way: TF-IDF of ``jieba.lcut`` and one message at a time.

Messages are shipped samples put behind each other to LENGTH characters, the mean of what citizens write to a board of
messages (../shared/data/messages.csv has 373); where that file is, it is measured, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from bench import rivals
from classifier.evaluate import crossed
from classifier.ready import ready
from classifier.rows import columns, message, read_rows
from classifier.samples import Sample, read, shipped_samples
from classifier.suggest import Suggester
from classifier.tokens import city_words
from data import reference
from data.records import Post
from data.reference import Reference

NOW = datetime(2011, 7, 25, tzinfo=UTC)
LENGTH = 373
REAL, LABELLED = (Path(__file__).parents[2] / "shared" / "data" / f"{name}.csv" for name in ("messages", "categories"))


def main(quick: bool = True) -> None:
    """Print messages a second of both, in batch and one at a time, and the ratios; then how often each is right."""
    tables = reference.load()
    written = [s for s in shipped_samples(tables) if not s.made and s.category]
    suggester = ready(tables, Path(mkdtemp()))
    naive = _naive([s.text for s in written], [str(s.category) for s in written])
    count = 512 if quick else None
    _compare("shipped samples", list(_joined([s.text for s in written]))[:count], suggester, naive)
    if REAL.is_file():
        rows = [r.cells for r in read_rows(REAL) if not r.problem]
        found = columns(REAL, list(rows[0]))
        _compare("messages.csv", ["\n".join(message(r, found)) for r in rows][:count], suggester, naive)
    _right("shipped samples", shipped_samples(tables), tables)
    if not quick and LABELLED.is_file():
        _right("categories.csv", read(LABELLED, tables).samples, None)


def _right(name: str, samples: Sequence[Sample], tables: Reference | None) -> None:
    """The category in five-fold cross-validation, rivals on the same folds."""
    ours = crossed(samples, 5, city_words(tables) if tables else ())
    print(f"{name}: {ours['rows']} messages, category of {len(ours['details']['classes'])}, five folds")
    for title, found in (("liandong", ours), *rivals.table(samples)):
        told = "".join(f"  {k} {found[k]:.3f}" for k in ("macro_f1", "top2", "top3", "calibration_error"))
        print(f"  {title:44}{told}")


def _joined(texts: Sequence[str]) -> Iterator[str]:
    """Texts of about LENGTH characters, each beginning with another sample."""
    for start in range(len(texts)):
        found, n = texts[start], start
        while len(found) < LENGTH - 20:
            n += 7
            found += "。" + texts[n % len(texts)]
        yield found[: LENGTH + 20]


def _compare(name: str, texts: Sequence[str], suggester: Suggester, naive: Callable[[str], Any]) -> None:
    posts = [Post("bench", str(i), "", "", "", None, NOW, text) for i, text in enumerate(texts)]
    some = texts[:200]
    suggester.suggest(posts[:20], NOW)
    naive(texts[0])
    rates = _rates(
        [
            (lambda: [naive(text) for text in some], len(some)),
            (lambda: suggester.suggest(posts, NOW), len(posts)),
            (lambda: [suggester.suggest([post], NOW) for post in posts[: len(some)]], len(some)),
        ]
    )
    length = sum(map(len, texts)) / len(texts)
    print(f"{name}: {len(texts)} messages of {length:.0f} characters")
    for title, rate in zip(
        ("naive, category only, one at a time", "all outputs, in batch", "all outputs, one at a time"),
        rates,
        strict=True,
    ):
        print(f"  {title:44}{rate:10.0f} /s{rate / rates[0]:6.1f} x")


def _naive(texts: Sequence[str], labels: Sequence[str]) -> Callable[[str], Any]:
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, lowercase=False), LogisticRegression(max_iter=300)
    )
    model.fit(texts, [label.split("/")[0] for label in labels])
    return lambda text: model.predict_proba([text])


def _rates(works: Sequence[tuple[Callable[[], Any], int]]) -> list[float]:
    """The best of three rounds, per second of this process's own time: the least disturbed by the machine's other work."""
    times = [[0.0] * 3 for _ in works]
    for turn in range(3):
        for n, (work, _) in enumerate(works):
            start = time.process_time()
            work()
            times[n][turn] = time.process_time() - start
    return [count / min(taken) for (_, count), taken in zip(works, times, strict=True)]
