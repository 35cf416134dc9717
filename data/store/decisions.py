"""Suggestions of the machine and decisions of people, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from data.records import Decision, Post, Suggestion
from data.store.database import Database
from data.store.rows import due, from_row, from_rows, moment, stamp, to_row
from data.store.schema import WAITING


class Decisions:
    """The clerk's queue, and what became of it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def suggest(self, suggestions: Iterable[Suggestion]) -> None:
        """Put suggested posts into the queue."""
        for suggestion in suggestions:
            self.db.add("suggestions", to_row(suggestion))
            # Only a new post: one a clerk decided meanwhile must not come back and be filed twice.
            key = [suggestion.board, suggestion.thread]
            self.db.execute(
                "update posts set stage = 'suggested' where board = ? and thread = ? and stage = 'new'", key
            )
            posted = self.db.execute("select posted_at from posts where board = ? and thread = ?", key).fetchone()
            if posted:
                when = stamp(due(moment(posted[0]), suggestion.days))
                self.db.execute("update posts set due = ? where board = ? and thread = ?", [when, *key])

    def suggestion(self, board: str, thread: str) -> Suggestion | None:
        """The latest suggestion for a post."""
        where = "board = ? and thread = ?"
        row = next(self.db.table("suggestions").rows_where(where, [board, thread], order_by="id desc", limit=1), None)
        return from_row(Suggestion, row) if row else None

    def queue(self, limit: int = 200) -> list[tuple[Post, Suggestion]]:
        """What waits for a person: emergencies, then 即办, then requests by when they would be due, then the rest."""
        query = f"""select {_POST}, s.* from posts p
            join suggestions s on s.id = (select max(id) from suggestions where board = p.board and thread = p.thread)
            where p.stage = 'suggested' and p.{WAITING}
            order by case when s.urgency = 'emergency' then 0 when not s.is_request then 3
                          when s.urgency = 'immediate' then 1 else 2 end, p.due, p.posted_at limit ?"""
        return [(_post(row), from_row(Suggestion, row)) for row in self.db.query(query, [limit])]

    def suggested_since(self, since: datetime) -> Iterator[tuple[str, str, datetime]]:
        """(post, category, posted_at) of every post since that was taken for a request, by its latest suggestion."""
        query = """select p.board || '/' || p.thread, s.category, p.posted_at from posts p
            join suggestions s on s.id = (select max(id) from suggestions where board = p.board and thread = p.thread)
            where p.posted_at >= ? and s.is_request order by p.posted_at"""
        for key, category, posted_at in self.db.execute(query, [stamp(since)]):
            yield key, category, moment(posted_at)

    def waiting(self) -> int:
        query = f"select count(*) from posts where stage = 'suggested' and {WAITING}"
        return int(self.db.execute(query).fetchone()[0])

    def decide(self, decision: Decision) -> int:
        """Keep a decision and take its post off the queue; returns the decision's id."""
        if not decision.lead:
            self._stage(decision.board, decision.thread, "decided")
        return self.db.add("decisions", to_row(decision, drop=("id",)))

    def pass_by(self, board: str, thread: str) -> None:
        """Keep a post out of the queue: it came with its answer, and there is nothing to decide."""
        self._stage(board, thread, "decided")

    def reopen(self, board: str, thread: str) -> None:
        """Put a post back into the queue (a clerk's undo)."""
        self._stage(board, thread, "suggested")

    def bring_back(self, board: str, thread: str, why: str) -> None:
        """Have a decided post suggested and shown anew, and say why it came back."""
        query = "update posts set stage = 'new', back = ? where board = ? and thread = ?"
        self.db.execute(query, [why, board, thread])

    def leave(self, board: str, thread: str) -> None:
        """Take a post that came back off the queue again; what was decided before stands."""
        self._stage(board, thread, "decided")

    def back(self, board: str, thread: str) -> str:
        """Why a decided post is on the queue again; empty for any other."""
        row = self.db.execute("select back from posts where board = ? and thread = ?", [board, thread]).fetchone()
        return str(row[0]) if row else ""

    def decision(self, number: int) -> Decision | None:
        row = next(self.db.table("decisions").rows_where("id = ?", [number]), None)
        return from_row(Decision, row) if row else None

    def of(self, board: str, thread: str) -> list[Decision]:
        """Every decision about a post, oldest first."""
        rows = self.db.table("decisions").rows_where("board = ? and thread = ?", [board, thread], order_by="id")
        return list(from_rows(Decision, rows))

    def samples(self) -> Iterator[tuple[Post, Decision]]:
        """Each decided post with its last decision, unless it was taken back: what the next model may learn from."""
        query = """select d.* from decisions d join
            (select board, thread, max(id) id from decisions where lead = '' group by board, thread) last
            on d.id = last.id order by d.id"""
        for row in self.db.query(query):
            decision = from_row(Decision, row)
            where = "board = ? and thread = ? and stage = 'decided' and erased <> 'text'"
            post = next(self.db.table("posts").rows_where(where, [decision.board, decision.thread]), None)
            if post:
                yield from_row(Post, post), decision

    def count_since(self, since: datetime | None) -> int:
        """How many decisions people took since then; ``None``: ever."""
        query = "select count(*) from decisions where at > ? and not automatic and lead = ''"
        return int(self.db.execute(query, [stamp(since) if since else ""]).fetchone()[0])

    def by_model(self, since: datetime) -> list[tuple[str, int, int]]:
        """(version of the model, suggestions people decided since, of these accepted as they were), the latest used first."""
        query = """select s.model, count(*), sum(case when d.action = 'accept' then 1 else 0 end) from decisions d
            join suggestions s on s.id = (
                select max(id) from suggestions where board = d.board and thread = d.thread and at <= d.at)
            where d.at >= ? and not d.automatic and d.lead = '' group by s.model order by max(d.id) desc"""
        return [(str(r[0]), int(r[1]), int(r[2])) for r in self.db.execute(query, [stamp(since)])]

    def stage(self, board: str, thread: str) -> str:
        """new, suggested or decided; empty for a post never read."""
        row = self.db.execute("select stage from posts where board = ? and thread = ?", [board, thread]).fetchone()
        return str(row[0]) if row else ""

    def _stage(self, board: str, thread: str, stage: str) -> None:
        back = ", back = ''" if stage == "decided" else ""
        self.db.execute(f"update posts set stage = ?{back} where board = ? and thread = ?", [stage, board, thread])


# Posts and suggestions share column names; the post's come under names of their own.
_POST = ", ".join(f"p.{f.name} as post_{f.name}" for f in fields(Post))


def _post(row: Mapping[str, Any]) -> Post:
    return from_row(Post, {f.name: row[f"post_{f.name}"] for f in fields(Post)})
