"""What one run found on one board, counted while it reads; a run that finds nothing where there was something fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from data.records import BoardHealth

MOST_FAILURES = 5  # sentences kept; a board that is down says the same of every thread
TOLERATED = 0.2  # share of records that may miss a field before the run counts as failed


@dataclass
class Health:
    """The counts of a run under way."""

    board: str
    pages: int = 0
    rows: int = 0
    threads: int = 0
    replies: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    last_complete_at: datetime | None = None

    def fail(self, sentence: str) -> None:
        """Note what failed, once."""
        if sentence not in self.failures:
            self.failures.append(sentence)

    def broke(self, error: BaseException) -> None:
        """Something of ours failed, not the board: said like the rest, since Scrapy would only log it."""
        self.fail(
            f"读的过程中程序出错（{type(error).__name__}：{str(error)[:80]}）；请查看磁盘空间和日志，并告知维护人员"
        )

    def record(self, at: datetime, before: BoardHealth | None) -> BoardHealth:
        """The run's health; ``before`` is the last run's, for what was complete then."""
        if not self.pages and not self.failures:
            self.fail("一页也没有读到；请核对 boards.toml 里这个论坛的地址和版块")
        records = self.rows + self.threads + self.replies
        lost = sum(self.missing.values())
        if records and lost / (records + lost) > TOLERATED:
            fields = "、".join(f"{name}×{n}" for name, n in self.missing.most_common(5))
            self.fail(f"缺的字段太多（{fields}），论坛的模板可能改了；请用 liandong boards parse 核对")
        more = len(self.failures) - MOST_FAILURES
        shown = self.failures[:MOST_FAILURES] + ([f"另有 {more} 条同类失败"] if more > 0 else [])
        return BoardHealth(
            self.board,
            at,
            self.pages,
            self.rows,
            self.threads,
            self.replies,
            dict(self.missing),
            dict(self.statuses),
            tuple(shown),
            ok=not self.failures,
            last_complete_at=self.last_complete_at or (before.last_complete_at if before else None),
        )
