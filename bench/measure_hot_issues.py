"""The biggest matters in real messages of three years, held against searches for their names.

python -m bench.measure_hot_issues [FOLDER]      FOLDER: where messages.csv is, else ../shared/data
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from classifier.rows import columns, message, read_rows
from ticketing.hot_issues import HotIssue, hot_issues

FOLDER = Path(__file__).parents[2] / "shared" / "data"
# Found by hand: a name, and the days between which its messages are about one matter.
KNOWN = (
    ("伊景园", "2019-07-01", "2019-09-30", 57),
    ("丽发新城", "2019-11-01", "2020-01-31", 55),
    ("魅力之城", "2019-01-01", "2019-12-31", 31),
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if not (folder / "messages.csv").is_file():
        print(f"跳过：{folder} 里没有 messages.csv；真实留言不随项目发布，放到那里再运行")
        return
    titles, texts, times = messages(folder / "messages.csv")
    began = time.perf_counter()
    issues = hot_issues(titles, texts, times)
    print(f"{len(texts)} 条留言，{time.perf_counter() - began:.1f} 秒")
    for number, issue in enumerate(issues, 1):
        print(
            f"{number:2}  {len(issue.members):3} 条  {issue.first:%Y-%m-%d} 至 {issue.last:%Y-%m-%d}  {issue.description}"
        )
    for name, first, last, count in KNOWN:
        wanted = {
            i
            for i, (title, text) in enumerate(zip(titles, texts, strict=True))
            if name in title + text
            and datetime.fromisoformat(first) <= times[i] <= datetime.fromisoformat(f"{last}T23:59:59")
        }
        best = max(range(len(issues)), key=lambda n: len(wanted & set(issues[n].members)))
        print(against(name, count, wanted, issues[best], best + 1))


def messages(path: Path) -> tuple[list[str], list[str], list[datetime]]:
    """Titles, bodies and times."""
    rows = [r.cells for r in read_rows(path) if not r.problem]
    found = columns(path, list(rows[0]))
    pairs = [message(r, found) for r in rows]
    return [t for t, _ in pairs], [b for _, b in pairs], [datetime.fromisoformat(r["posted_at"]) for r in rows]


def against(name: str, count: int, wanted: set[int], issue: HotIssue, place: int) -> str:
    both = len(wanted & set(issue.members))
    if not both:
        return f"{name}：查名得 {len(wanted)} 条（已知 {count}），没有列为一件事"
    return (
        f"{name}：查名得 {len(wanted)} 条（已知 {count}），排第 {place}，召回 {both}/{len(wanted)}，"
        f"本组另有 {len(issue.members) - both} 条不含此名"
    )


if __name__ == "__main__":
    main()
