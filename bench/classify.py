"""Suggestions a second in batch, all outputs, against the naive way: TF-IDF of ``jieba.lcut`` and one message at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from classifier.ready import ready
from classifier.samples import shipped_samples
from data import reference
from data.records import Post

NOW = datetime(2011, 7, 25, tzinfo=UTC)


def main(quick: bool = True) -> None:
    """Print messages a second of both, in batch and one at a time, and the ratios."""
    tables = reference.load()
    written = [s for s in shipped_samples(tables) if not s.made]
    texts = [s.text for s in written if s.category][: 300 if quick else None]
    posts = [Post("bench", str(i), "", "", "", None, NOW, text) for i, text in enumerate(texts)]
    suggester = ready(tables, Path(mkdtemp()))
    naive = _naive([s.text for s in written if s.category], [str(s.category) for s in written if s.category])
    suggester.suggest(posts[:20], NOW)
    naive(texts[0])
    rival = _rate(lambda: [naive(text) for text in texts], len(texts))
    batch = _rate(lambda: suggester.suggest(posts, NOW), len(texts))
    single = _rate(lambda: [suggester.suggest([post], NOW) for post in posts[:100]], min(100, len(posts)))
    print(f"{'naive, category only, one at a time':44}{rival:10.0f} /s   1.0 x")
    print(f"{'liandong, all outputs, in batch':44}{batch:10.0f} /s{batch / rival:6.1f} x")
    print(f"{'liandong, all outputs, one at a time':44}{single:10.0f} /s{single / rival:6.1f} x")


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


def _rate(work: Callable[[], Any], count: int) -> float:
    """The best of three, per second: the least disturbed by the machine's other work."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return count / min(times)
