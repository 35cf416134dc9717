"""What a cycle costs over many closed tickets, against the same open ones over few: it should cost what is open.

    python -m bench.cycle [--full]      50,000 against 5,000; with --full 1,000,000 against 10,000

The boards are off: what is measured is everything a cycle asks of the store (what is watched and owed, the queue, what is
due to leave, new evidence). Each closed ticket has its post, a suggestion, a decision, two reads, a reply, three events, a
verdict and two sent acts, as it would; every twentieth was answered too late, or never.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from data import reference
from data.city import City, Settings
from ticketing import cycle

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
OPEN, TURNS = 300, 15
BATCH = 20_000
MOST = 1.5  # times the small store's cycle


class Nothing:
    """There are no new posts to suggest for."""

    def suggest(self, posts: object, now: datetime) -> list[object]:
        return []


def main(quick: bool = True) -> None:
    """Print the median cycle of both stores and the ratio; exits 1 when it is above ``MOST``."""
    few, many = (5_000, 50_000) if quick else (10_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        cities = [made(Path(folder) / str(closed), closed) for closed in (few, many)]
        times: list[list[float]] = [[], []]
        for turn in range(TURNS + 2):
            for city, taken in zip(cities, times, strict=True):  # side by side, so that other work meets both
                taken.append(measured(city, turn))
        for city in cities:
            city.store.close()
    small, large = (statistics.median(taken[2:]) for taken in times)
    print(f"{f'cycle, {OPEN} open, {few:,} closed':44}{small * 1000:10.1f} ms   1.00 x")
    print(f"{f'cycle, {OPEN} open, {many:,} closed':44}{large * 1000:10.1f} ms{large / small:7.2f} x (at most {MOST})")
    if large / small > MOST:
        sys.exit(1)


def measured(city: City, turn: int) -> float:
    """Seconds of one cycle."""
    now = NOW + timedelta(minutes=5 * turn)
    start = time.perf_counter()
    done = cycle.run(city, lambda: now, Nothing())  # type: ignore[arg-type]
    taken = time.perf_counter() - start
    # No gateway here: what the reminders could not send is no matter of time.
    assert all(stage["ok"] for name, stage in done.stages.items() if name != "send"), done.stages
    return taken


def made(folder: Path, closed: int) -> City:
    """A city with so many closed tickets and ``OPEN`` open ones, its boards off."""
    folder.mkdir()
    (folder / "liandong.toml").write_text("", encoding="utf-8")
    city = City(folder, Settings())
    tables = reference.load()
    off = tuple(b.model_copy(update={"enabled": False}) for b in tables.boards)
    with city.store.transaction():
        city.store.reference.save(tables.model_copy(update={"boards": off}))
    for first in range(0, closed + OPEN, BATCH):
        numbers = range(first, min(first + BATCH, closed + OPEN))
        with city.store.transaction():
            for table, rows in _rows(numbers, closed).items():
                insert(city, table, rows)
    city.store.runs.set_mark("checked-read", 2 * (closed + OPEN))
    return city


def insert(city: City, table: str, rows: list[dict[str, Any]]) -> None:
    """Fill in what the table wants and the row does not say."""
    columns = list(city.store.db.execute(f"pragma table_info({table})"))
    given = rows[0]
    wanted = [(c[1], c[2]) for c in columns if c[1] in given or (c[3] and c[4] is None and not c[5])]
    blank: dict[str, Any] = {"text": "", "integer": 0, "real": 0.0, "blob": b"", "boolean": 0}
    names = ", ".join(f'"{name}"' for name, _ in wanted)
    marks = ", ".join("?" * len(wanted))
    values = [[row.get(name, blank[kind.lower()]) for name, kind in wanted] for row in rows]
    city.store.db.executemany(f"insert into {table} ({names}) values ({marks})", values)


def _rows(numbers: range, closed: int) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for number in numbers:
        for table, row in _ticket(number, number < closed):
            tables.setdefault(table, []).append(row)
    return tables


def _ticket(n: int, closed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    filed = NOW - (timedelta(days=40, minutes=n) if closed else timedelta(minutes=30 + n % 180))
    when = [(filed + timedelta(minutes=m)).isoformat(timespec="microseconds") for m in (-30, 0, 60, 240, 300)]
    written, start, answered, due, read = when
    verdict = ("on_time" if n % 20 else "overdue" if n % 40 else "late") if closed else "pending"
    where, number, key = {"board": "lyw", "thread": str(n)}, f"t-{n}", f"lyw/{n}"
    yield "posts", {**where, "title": "停水", "body": "停水三天" * 20, "posted_at": written, "first_read_at": written,
                    "stage": "decided", "images": "[]", "state": "open"}  # fmt: skip
    yield "suggestions", {**where, "at": written, "is_request": 1, "kind": "求助", "category": "urban", "categories": "[]",
                          "units": "[]", "urgency": "days", "contacts": "[]", "reasons": "[]"}  # fmt: skip
    yield "decisions", {**where, "at": written, "by": "张敏", "action": "accept", "kind": "求助", "urgency": "days"}
    yield "tickets", {**where, "number": number, "decision": n + 1, "title": "停水", "kind": "求助", "category": "urban",
                      "unit": "water-group", "urgency": "days", "posted_at": written, "decided_at": written,
                      "filed_at": start, "reply_due": due, "completion_due": due, "due": due, "answer_due": due,
                      "state": "closed" if closed else "filed", "verdict": verdict}  # fmt: skip
    yield "events", {"ticket": number, "at": start, "move": "file", "by": "system", "data": "{}"}
    yield "outbox", {"key": f"file/{key}/{n + 1}", "channel": "office", "subject": key, "payload": "{}",
                     "created_at": written, "not_before": start, "state": "sent", "attempts": 1}  # fmt: skip
    yield "outbox", {"key": f"notice/{number}", "channel": "notice", "subject": number, "payload": "{}",
                     "created_at": start, "not_before": start, "state": "sent", "attempts": 1}  # fmt: skip
    for at in (start, read) if closed else (start, start):
        yield "reads", {**where, "at": at, "outcome": "ok", "complete": 1, "pages": 1, "snapshots": "[]"}
    if closed:
        yield "replies", {**where, "id": f"{n}-1", "posted_at": answered, "body": "已修复。", "first_read": 2 * n + 1}
        yield "verdicts", {"ticket": number, "at": read, "name": verdict, "marks": "[]"}
        for move in ("answer", "close"):
            yield "events", {"ticket": number, "at": read, "move": move, "by": "system", "data": "{}"}


if __name__ == "__main__":
    main(quick="--full" not in sys.argv)
