"""What every cycle asks of the store costs what is open, not what was ever kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from data.city import City
from data.store.postgres import PostgreSQL
from data.store.sqlite import SQLite
from tests.build import FILED, HOUR, MINUTE, decision, post, save_thread, save_ticket, suggestion
from ticketing import alerts, checking, filing, urging, watch

pytestmark = pytest.mark.both_stores
EVERY_CYCLE: dict[str, Callable[[City], object]] = {
    "posts without a suggestion": lambda c: c.store.threads.unread_by_machine(),
    "the clerk's queue": lambda c: c.store.decisions.queue(),
    "how many wait": lambda c: c.store.decisions.waiting(),
    "acts that are due": lambda c: c.store.outbox.take(FILED, "me", HOUR, ["office", "notice"]),
    "watched threads": lambda c: watch.watches(c, FILED),
    "new evidence": lambda c: checking.check(c, FILED),
    "what is to be urged": lambda c: urging.remind(c, FILED),
    "threads owed": lambda c: c.store.threads.owed("lyw", "2", FILED),
    "a board's health": lambda c: c.store.threads.health("lyw"),
    "the barometer": lambda c: alerts.watch(c, FILED),
    "open rises": lambda c: c.store.series.open_surges(FILED),
    "posts to compare with": lambda c: c.store.series.recent(FILED, 100),
    "tickets behind a rise": lambda c: c.store.series.tickets(["lyw/101", "lyw/102"]),
    "the head of the chain": lambda c: c.store.threads.chain_head(),
    "a thread's next read": lambda c: save_thread(c, read_at=FILED + HOUR),
    "a decision": lambda c: filing.decide(c, decision(), FILED),
}
OWN = (
    "sqlite_master",
    "pg_index",
    "pg_advisory_xact_lock(hashtextextended(current_schema(),",
)  # the databases' own questions
SMALL = ("tickets_watched", "tickets_provisional")  # holds open tickets only
NEWEST = ("order by id desc limit 1",)  # reads one row from the end


def heard(city: City, monkeypatch: pytest.MonkeyPatch, act: Callable[[City], object]) -> list[tuple[str, Any]]:
    """Every statement that ``act`` has the store run, with its values where they are not in it."""
    found: list[tuple[str, Any]] = []
    if isinstance(city.store.db, SQLite):
        connection = city.store.db.conn
        connection.set_trace_callback(lambda sql: found.append((sql, ())))
        act(city)
        connection.set_trace_callback(None)
        return found
    run = psycopg.Cursor.execute

    def execute(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        found.append((str(query), params))
        return run(self, query, params, **more)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", execute)
        act(city)
    return found


def scans(city: City, statement: str, values: Any) -> list[str]:
    """The steps of the statement's plan that look through a table, or a whole index, from end to end."""
    db = city.store.db
    if isinstance(db, SQLite):
        steps = [row[3] for row in db.execute(f"explain query plan {statement}")]
        return [step for step in steps if step.startswith("SCAN") and not step.endswith(SMALL)]
    assert isinstance(db, PostgreSQL)
    # In a table of two rows a scan is cheapest; the question is whether there is another way.
    with db.transaction(), db._connection.cursor() as cursor:
        for way in ("seqscan", "mergejoin", "hashjoin"):
            cursor.execute(f"set local enable_{way} = off")
        [[plan]] = cursor.execute(f"explain (format json) {statement}", values).fetchall()
    return [*_unguided(plan[0]["Plan"])]


def _unguided(plan: dict[str, Any], limited: bool = False) -> Iterator[str]:
    kind = plan["Node Type"]
    guided = "Index Cond" in plan or "TID Cond" in plan or plan.get("Index Name") in SMALL or limited
    if kind == "Seq Scan" or (kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and not guided):
        yield f"{kind} {plan.get('Relation Name', '')} {plan.get('Index Name', '')}"
    for part in plan.get("Plans", ()):
        yield from _unguided(part, limited or kind == "Limit")


@pytest.fixture
def lived(city: City) -> City:
    """A city in which something has happened."""
    save_thread(city)
    save_thread(city, thread="102", posted_at=post().posted_at + MINUTE)
    city.store.decisions.suggest([suggestion(thread="102")])
    save_ticket(city, thread="102")
    city.reference()  # kept in memory from now on
    return city


@pytest.mark.parametrize("what", EVERY_CYCLE)
def test_no_table_is_read_from_end_to_end(lived: City, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    asked = heard(lived, monkeypatch, EVERY_CYCLE[what])
    verbs = ("select", "update", "delete")
    seen = [(s, v) for s, v in asked if s.lstrip().lower().startswith(verbs) and not set(OWN) & set(s.split())]
    assert seen
    for statement, values in seen:
        found = scans(lived, statement, values)
        assert not found or statement.rstrip().lower().endswith(NEWEST), f"{statement}: {found}"
