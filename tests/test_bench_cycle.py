"""A cycle costs what is open: what the database does for it is counted, over many closed tickets and over few."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cycle import made, measured
from data.store.sqlite import SQLite

COUNTED = 20  # steps of SQLite's machine between two counts


def steps(folder: Path, closed: int) -> int:
    """Of one quiet cycle over so many closed tickets; one in forty of them nobody ever answered."""
    city = made(folder, closed)
    assert isinstance(city.store.db, SQLite)
    for turn in range(2):  # what is done once a day is done then
        measured(city, turn)
    count = 0

    def counted() -> int:
        nonlocal count
        count += COUNTED
        return 0

    city.store.db.conn.set_progress_handler(counted, COUNTED)
    measured(city, 2)
    city.store.db.conn.set_progress_handler(None, 0)
    city.store.close()
    return count


@pytest.mark.in_a_file
def test_a_cycle_asks_no_more_of_the_database_over_ten_times_as_many_closed_tickets(tmp_path: Path) -> None:
    few, many = (steps(tmp_path / str(closed), closed) for closed in (400, 4000))
    assert few > 5_000
    assert many < 1.01 * few
