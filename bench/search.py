"""What a search costs over many posts, against the same searches over few: it should cost what it shows.

    python -m bench.search [--full]     100,000 posts against 10,000; with --full 1,000,000 against 10,000

The posts say what the shipped samples say, each about a place of the city; nine in ten have a ticket. Each question is asked
of both stores in turn. What is timed is what the page does: cutting the words, the index, the filters, the posts.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.cycle import BATCH, NOW, insert
from classifier import tokens
from classifier.samples import shipped_samples
from data import reference
from data.city import City, Settings
from data.records import Post
from data.store.found import Wanted
from ticketing import search

TURNS, SHOWN = 15, 30
MOST = 5.0  # times the small store's search, whatever is asked
STATES = ("filed", "accepted", "answered", "closed", "archived")
# What is asked, and with which filter.
QUESTIONS: Sequence[tuple[str, str, Wanted]] = (
    ("a common word", "停水", Wanted(())),
    ("two common words", "小区 晚上", Wanted(())),
    ("two common words seldom together", "停水 孩子", Wanted(())),
    ("a sentence", "小区 晚上 施工 睡不着", Wanted(())),
    ("a word nobody wrote", "南极企鹅", Wanted(())),
    ("a common word, one unit", "停水", Wanted((), units=("water-group",))),
    ("a common word, a state", "小区", Wanted((), state="accepted")),
    ("a common word, one day", "小区", Wanted((), since=NOW - timedelta(days=3), until=NOW - timedelta(days=2))),
    ("no word, one unit", "", Wanted((), units=("water-group",))),
    ("no word, one unit and a state", "", Wanted((), units=("water-group",), state="accepted")),
    ("a common word, a filter nothing fits", "小区", Wanted((), units=("no-such",))),
)


def main(quick: bool = True) -> None:
    """Print each question's median in both stores; exits 1 when one ratio is above ``MOST``."""
    few, many = 10_000, 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        cities = [made(Path(folder) / str(count), count) for count in (few, many)]
        ratios = [_asked(cities, *question) for question in QUESTIONS]
        for city in cities:
            city.store.close()
    label = f"{many:,} posts against {few:,}: median, greatest"
    print(f"{label:52}{statistics.median(ratios):7.2f} x,{max(ratios):7.2f} x (at most {MOST})")
    if max(ratios) > MOST:
        sys.exit(1)


def _asked(cities: Sequence[City], name: str, text: str, wanted: Wanted) -> float:
    taken: list[list[float]] = [[], []]
    for _ in range(TURNS):
        for city, times in zip(cities, taken, strict=True):
            start = time.perf_counter()
            page = search.search(city, text, wanted, SHOWN)
            times.append(time.perf_counter() - start)
    small, large = (statistics.median(times[2:]) * 1000 for times in taken)
    print(f"{name:38}{len(page.hits):4} shown {small:9.2f} ms {large:9.2f} ms{large / small:7.2f} x")
    return large / small


def made(folder: Path, count: int) -> City:
    """A city with so many posts, indexed."""
    folder.mkdir()
    (folder / "liandong.toml").write_text("", encoding="utf-8")
    city = City(folder, Settings())
    tables = reference.load()
    with city.store.transaction():
        city.store.reference.save(tables)
    texts, units = list(_texts(tables)), [u.slug for u in tables.units]
    rng = random.Random(count)
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        chosen = [rng.choice(texts) for _ in numbers]
        with city.store.transaction():
            insert(
                city,
                "posts",
                [_post(n, count, title, body) for n, (title, body, _) in zip(numbers, chosen, strict=True)],
            )
            filed = [_ticket(n, rng.choice(units), rng.choice(STATES)) for n in numbers if n % 10]
            insert(city, "tickets", filed)
            city.store.found.put((_key(n, count), words) for n, (_, _, words) in zip(numbers, chosen, strict=True))
    return city


def _texts(tables: reference.Reference) -> Iterator[tuple[str, str, list[str]]]:
    """Title, text and words of some thousands of different posts."""
    rng, names = random.Random(7), tokens.city_words(tables)
    for sample in shipped_samples(tables):
        for _ in range(0 if sample.made else 4):
            place = rng.choice(tables.places).name
            title, body = f"{place}：{sample.text[:20]}", f"{place}。{sample.text}"
            yield title, body, search.worded(names, f"{title}\n{body}")


def _key(n: int, count: int) -> Post:
    return Post("lyw", str(n), "", "", "", None, _at(n, count), "")


def _at(n: int, count: int) -> datetime:
    return NOW - timedelta(minutes=5 * (count - n))


def _post(n: int, count: int, title: str, body: str) -> dict[str, Any]:
    at = _at(n, count).isoformat(timespec="microseconds")
    return {"board": "lyw", "thread": str(n), "title": title, "body": body, "posted_at": at, "first_read_at": at,
            "stage": "decided", "images": "[]", "attachments": "[]", "state": "open"}  # fmt: skip


def _ticket(n: int, unit: str, state: str) -> dict[str, Any]:
    at = NOW.isoformat(timespec="microseconds")
    return {"board": "lyw", "thread": str(n), "number": f"t-{n:07}", "decision": n + 1, "title": "", "kind": "求助",
            "category": "urban", "unit": unit, "urgency": "days", "posted_at": at, "decided_at": at, "filed_at": at,
            "reply_due": at, "completion_due": at, "due": at, "answer_due": at, "state": state, "verdict": "on_time"}  # fmt: skip


if __name__ == "__main__":
    main(quick="--full" not in sys.argv)
