"""The obvious version of the same work: BeautifulSoup on whole pages, ``jieba`` and ``predict_proba`` one at a time, a commit per row.

It does again what the replay did for a part of the year: the same pages parsed, the same posts classified, as many rows
written. Everything else a city needs (clocks, verdicts, reports, the barometer) it is let off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from bench.year.spent import Spent
from classifier.samples import shipped_samples
from data.reference import Reference

# Of a day's work: what is done again every day, to know how fast the machine is then.
PAGES, POSTS, ROWS = 8, 4, 100

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

    def __add__(self, other: Work) -> Work:
        return Work(
            self.tickets + other.tickets, self.pages + other.pages, self.posts + other.posts, self.rows + other.rows
        )

    def yardstick(self) -> Work:
        """A small part of it."""
        return Work(0, self.pages[:PAGES], self.posts[:POSTS], ROWS)


Cost = Callable[[Work], Spent]


@contextmanager
def rival(reference: Reference, folder: Path) -> Iterator[Cost]:
    """What work costs the obvious way, done in a process of its own: its memory is not the product's."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, reference, folder), daemon=True)
    process.start()
    theirs.close()  # else its end would not be heard

    def cost(work: Work) -> Spent:
        ours.send(work)
        found: Spent = ours.recv()
        return found

    try:
        yield cost
    finally:
        ours.close()
        process.join()


def _serve(line: Connection, reference: Reference, folder: Path) -> None:
    """Do what comes until nothing more does."""
    classify = _classifier(reference)
    with closing(sqlite3.connect(folder / "obvious.db")) as db:
        db.execute("create table rows (id integer primary key, board text, thread text, at text, body text)")
        db.commit()
        while True:
            try:
                work = line.recv()
            except EOFError:
                return
            line.send(_cost(work, classify, db))


def _cost(work: Work, classify: Callable[[str], Any], db: sqlite3.Connection) -> Spent:
    start = Spent.now()
    for software, body in work.pages:
        _parse(software, body)
    for text in work.posts:
        classify(text)
    _write(work.rows, db)
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


def _write(rows: int, db: sqlite3.Connection) -> None:
    """So many rows of a ticket's size, each committed by itself, as ``sqlite3`` does it unasked."""
    for n in range(rows):
        db.execute(
            "insert into rows (board, thread, at, body) values (?, ?, ?, ?)", ("lyw", str(n), "2011", "停水" * 60)
        )
        db.commit()
