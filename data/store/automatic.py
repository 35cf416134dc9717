"""What the automatic rule learns from, and what it did or would have done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from data.records import Suggestion
from data.store.database import Database
from data.store.rows import from_row, stamp

_LAST = "d.id = (select max(id) from decisions where board = d.board and thread = d.thread)"
# A return that the office did not uphold (维持交办) says nothing against the filing.
_RETURNED = """coalesce((select e.move from tickets t join events e on e.ticket = t.number and e.move in ('return', 'force')
    where t.board = d.board and t.thread = d.thread and t.decision = d.id order by e.id desc limit 1), '') = 'return'"""
_ANSWERED = """exists (select 1 from tickets t where t.board = d.board and t.thread = d.thread and t.decision = d.id
    and t.state in ('answered', 'closed', 'followed_up', 'archived'))"""


class Automatic:
    """Decisions of people beside the suggestions they judged; decisions of the rule and what became of them."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def judged(self, since: datetime, limit: int = 4000) -> Iterator[tuple[Suggestion, bool]]:
        """The newest suggestions a person decided since, and whether each was accepted as it was and not returned."""
        query = f"""select s.*, d.action = 'accept' and not {_RETURNED} as agreed from decisions d
            join posts p on p.board = d.board and p.thread = d.thread and p.stage = 'decided'
            join suggestions s on s.id = (
                select max(id) from suggestions where board = d.board and thread = d.thread and at <= d.at)
            where d.at >= ? and not d.automatic and {_LAST} order by d.at desc limit ?"""
        for row in self.db.query(query, [stamp(since), limit]):
            yield from_row(Suggestion, row), bool(row["agreed"])

    def outcomes(self, after: int) -> list[bool]:
        """Of the rule's own decisions after the decision ``after``: False for each that a clerk took back or a unit
        returned, True for each that was answered. Those nothing is known of yet are left out."""
        query = f"""select not ({_LAST}) or p.stage <> 'decided' or {_RETURNED} as wrong, {_ANSWERED} as answered
            from decisions d join posts p on p.board = d.board and p.thread = d.thread
            where d.automatic and d.id > ? order by d.id"""
        return [not wrong for wrong, answered in self.db.execute(query, [after]) if wrong or answered]

    def filed_since(self, since: datetime) -> int:
        """How many decisions the rule has taken since."""
        query = "select count(*) from decisions where automatic and at > ?"
        return int(self.db.execute(query, [stamp(since)]).fetchone()[0])

    def last_decision(self) -> int:
        return int(self.db.execute("select coalesce(max(id), 0) from decisions").fetchone()[0])

    def touched(self, board: str, thread: str) -> bool:
        """Did anybody, or the rule, ever decide about this post?"""
        query = "select 1 from decisions where board = ? and thread = ? limit 1"
        return self.db.execute(query, [board, thread]).fetchone() is not None

    def shadow(self, board: str, thread: str, at: datetime, category: str, confidence: float) -> bool:
        """Keep that the rule would have filed this post; False when that is kept already."""
        query = "insert into shadows (board, thread, at, category, confidence) values (?, ?, ?, ?, ?) on conflict do nothing"
        return self.db.execute(query, [board, thread, stamp(at), category, confidence]).rowcount > 0

    def shadows(self, since: datetime) -> list[tuple[str, bool | None]]:
        """(category, what the clerk made of it) of what would have been filed since; None: not decided yet."""
        query = f"""select w.category, (
                select d.action = 'accept' and not {_RETURNED} from decisions d join posts p
                on p.board = d.board and p.thread = d.thread and p.stage = 'decided'
                where d.board = w.board and d.thread = w.thread and not d.automatic and {_LAST})
            from shadows w where w.at >= ?"""
        rows = self.db.execute(query, [stamp(since)])
        return [(category, None if agreed is None else bool(agreed)) for category, agreed in rows]
