"""What reports need to know of many tickets at once, in one query each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from data.records import Intake
from data.store.database import Database
from data.store.rows import moment, to_row


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

    def moved(self, move: str) -> frozenset[str]:
        """Numbers of the tickets that ever made ``move``."""
        return frozenset(r[0] for r in self.db.execute("select distinct ticket from events where move = ?", [move]))

    def moved_at(self, move: str) -> Mapping[str, datetime]:
        """Numbers of the tickets that ever made ``move`` -> when they did last."""
        rows = self.db.execute("select ticket, max(at) from events where move = ? group by ticket", [move])
        return {r[0]: moment(r[1]) for r in rows}

    def followed_up(self) -> Mapping[str, Mapping[str, bool]]:
        """Ticket -> what the citizen said at the last 回访: ``solved`` and ``satisfied``."""
        rows = self.db.execute("select ticket, data from events where move = 'follow_up' order by id")
        return {r[0]: json.loads(r[1]) for r in rows}

    def ratings(self) -> Mapping[tuple[str, str], str]:
        """(board, thread) -> the citizen's own rating of the answer, where the board has one."""
        rows = self.db.execute("select board, thread, rating from posts where rating is not null")
        return {(r[0], r[1]): r[2] for r in rows}

    def districts(self) -> Mapping[tuple[str, str], str]:
        """(board, thread) -> the district of a filed post, as last suggested."""
        rows = self.db.execute(
            """select board, thread, district from suggestions where district is not null
               and id in (select max(s.id) from suggestions s join tickets t on s.board = t.board and s.thread = t.thread
                          group by s.board, s.thread)"""
        )
        return {(r[0], r[1]): r[2] for r in rows}
