"""The obvious version of the same work: BeautifulSoup on whole pages, ``jieba`` and ``predict_proba`` one at a time, a commit per row.

It does again what the replay did for a part of the year: the same pages parsed, the same posts classified, as many rows
written. Everything else a city needs (clocks, verdicts, reports, the barometer) it is let off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from bench.year.spent import Spent
from classifier.samples import shipped_samples
from data.reference import Reference

# Software -> what a first try would select: the posts of a page, and in each its author, time and words.
SELECTORS = {
    "discuz": ("div[id^=post_]", "a.xw1", "em[id^=authorposton]", "td[id^=postmessage_]"),
    "phpwind": ("div.read_t", ".readName a", ".tipTop span", "[id^=read_]"),
    "people": ("li.reply, p.content", "i.red", "p", "p"),
}


@dataclass
class Work:
    """What a part of the replay did: for how many tickets, which pages and posts, how many rows."""

    tickets: int = 0
    pages: list[tuple[str, bytes]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    rows: int = 0


def cost(work: Work, reference: Reference, folder: Path) -> Spent:
    """What it takes the obvious way."""
    classify = _classifier(reference)
    start = Spent.now()
    for software, body in work.pages:
        _parse(software, body)
    for text in work.posts:
        classify(text)
    _write(work.rows, folder)
    return Spent.now() - start


def _parse(software: str, body: bytes) -> list[tuple[str, str, str]]:
    """Author, time and words of every post on a page."""
    post, *fields = SELECTORS[software]
    page = BeautifulSoup(body, "html.parser")
    found = []
    for place in page.select(post):
        author, at, words = (place.select_one(f) for f in fields)
        found.append(tuple(x.get_text(" ", strip=True) if x else "" for x in (author, at, words)))
    return found  # type: ignore[return-value]


def _classifier(reference: Reference) -> Callable[[str], Any]:
    """Category, kind and unit, each by a pipeline of its own as in the tutorials."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    samples = [s for s in shipped_samples(reference) if s.category and not s.made]

    def learnt(labels: Sequence[str]) -> Any:
        vectors = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, lowercase=False)
        return make_pipeline(vectors, LogisticRegression(max_iter=300)).fit([s.text for s in samples], labels)

    models = [learnt([str(getattr(s, name) or "") for s in samples]) for name in ("category", "kind", "unit")]
    return lambda text: [model.predict_proba([text]) for model in models]


def _write(rows: int, folder: Path) -> None:
    """So many rows of a ticket's size, each committed by itself, as ``sqlite3`` does it unasked."""
    db = sqlite3.connect(folder / "obvious.db")
    db.execute("create table rows (id integer primary key, board text, thread text, at text, body text)")
    db.commit()
    for n in range(rows):
        db.execute(
            "insert into rows (board, thread, at, body) values (?, ?, ?, ?)", ("lyw", str(n), "2011", "停水" * 60)
        )
        db.commit()
    db.close()
