"""What every cycle asks of the store costs what is open, not what was ever kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from data.city import City
from tests.build import FILED, HOUR, MINUTE, decision, post, save_thread, save_ticket, suggestion
from ticketing import alerts, checking, filing, urging, watch

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
SMALL = ("tickets_watched", "tickets_provisional")  # holds open tickets only
NEWEST = ("order by id desc limit 1",)  # reads one row from the end


@pytest.fixture
def asked(city: City) -> Iterator[list[str]]:
    """Every statement the city's store runs."""
    save_thread(city)
    save_thread(city, thread="102", posted_at=post().posted_at + MINUTE)
    city.store.decisions.suggest([suggestion(thread="102")])
    save_ticket(city, thread="102")
    city.reference()  # kept in memory from now on
    statements: list[str] = []
    city.store.db.conn.set_trace_callback(statements.append)
    yield statements
    city.store.db.conn.set_trace_callback(None)


@pytest.mark.parametrize("what", EVERY_CYCLE)
def test_no_table_is_read_from_end_to_end(city: City, asked: list[str], what: str) -> None:
    EVERY_CYCLE[what](city)
    seen = [
        s for s in asked if s.lstrip().lower().startswith(("select", "update", "delete")) and "sqlite_master" not in s
    ]
    city.store.db.conn.set_trace_callback(None)
    assert seen
    for statement in seen:
        plan = [row[3] for row in city.store.db.execute(f"explain query plan {statement}")]
        scans = [step for step in plan if step.startswith("SCAN") and not step.endswith(SMALL)]
        assert not scans or statement.rstrip().lower().endswith(NEWEST), f"{statement}: {scans}"
