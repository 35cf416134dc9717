"""What reports need to know of many tickets at once, in one query each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from data.records import Intake
from data.store.database import Database
from data.store.rows import moment, to_row
from data.store.tickets import FILED, between


class Facts:
    """Facts by ticket or by post, read in bulk."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def save_intake(self, days: Iterable[Intake]) -> None:
        """Keep the office's own counts; a day counted again replaces what was kept."""
        for day in days:
            self.db.table("intake").insert(to_row(day), replace=True)

    def intake(self, first: str, last: str) -> Intake:
        """The sums from the day ``first`` to the day ``last``, both included; ``day`` is how many days were counted."""
        row = self.db.execute(
            """select count(distinct day), coalesce(sum(calls), 0), coalesce(sum(answered), 0), coalesce(sum(valid), 0),
               coalesce(sum(requests), 0), coalesce(sum(done), 0) from intake where day between ? and ?""",
            [first, last],
        ).fetchone()
        return Intake(str(row[0]), "", *row[1:])

    def moves(
        self, moves: Sequence[str], since: datetime | None, until: datetime | None
    ) -> list[tuple[str, str, datetime, Mapping[str, Any]]]:
        """(number, move, when, data) of every such move of the tickets filed in [since, until), the oldest first."""
        rows = self.db.execute(
            f"""select ticket, move, at, data from events
                where move in ({",".join("?" * len(moves))}) and ticket in ({FILED}) order by id""",
            [*moves, *between(since, until)],
        )
        return [(r[0], r[1], moment(r[2]), json.loads(r[3])) for r in rows]

    def ratings(self, since: datetime | None, until: datetime | None) -> Mapping[tuple[str, str], str]:
        """(board, thread) of the tickets filed in [since, until) -> the citizen's own rating, where the board has one."""
        rows = self.db.execute(
            """select p.board, p.thread, p.rating from tickets t join posts p on p.board = t.board and p.thread = t.thread
               where t.filed_at >= ? and t.filed_at < ? and p.rating is not null""",
            between(since, until),
        )
        return {(r[0], r[1]): r[2] for r in rows}

    def districts(self, since: datetime | None, until: datetime | None) -> Mapping[tuple[str, str], str]:
        """(board, thread) of the tickets filed in [since, until) -> the district, as last suggested."""
        rows = self.db.execute(
            """select t.board, t.thread, s.district from tickets t join suggestions s
               on s.id = (select max(id) from suggestions where board = t.board and thread = t.thread)
               where t.filed_at >= ? and t.filed_at < ? and s.district is not null""",
            between(since, until),
        )
        return {(r[0], r[1]): r[2] for r in rows}
