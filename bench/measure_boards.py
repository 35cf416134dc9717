"""How far what the engines read of saved thread pages agrees with what is known to stand on them.

``python -m bench.measure_boards [FOLDER]``: each folder in FOLDER that has a ``truth.json`` holds pages of one software.
Prints a table of agreement per field and every disagreement. Without FOLDER it says so and succeeds.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.records import ListRow, Post, Reply, ThreadState
from spiders import engines, saved
from spiders.pages import PageFailure, ThreadPage
from spiders.text import tidy

CITY = ZoneInfo("Asia/Shanghai")
FIELDS = ("title", "author", "time", "floor", "body", "body characters", "replies", "list rows")


@dataclass
class Tally:
    """Right and all, per field, and what disagreed."""

    right: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    disagreements: list[str] = field(default_factory=list)

    def check(self, name: str, where: str, read: object, true: object) -> None:
        self.all[name] += 1
        if read == true:
            self.right[name] += 1
        else:
            self.disagreements.append(f"{where} {name}: read {read!r}, truth {true!r}")


def main(folder: Path) -> int:
    truths = sorted(folder.glob("*/truth.json"))
    if not truths:
        print(f"{folder} 里没有带 truth.json 的页面，跳过这项测量。")
        return 0
    print(f"{'folder':<18}" + "".join(f"{name:>17}" for name in FIELDS) + f"{'pages':>8}")
    said: list[str] = []
    for truth in truths:
        tally, pages = measure(truth)
        cells = (f"{tally.right[f]}/{tally.all[f]} {tally.right[f] / max(tally.all[f], 1):.3f}" for f in FIELDS)
        print(f"{truth.parent.name:<18}" + "".join(f"{cell:>17}" for cell in cells) + f"{pages:>8}")
        said += [f"{truth.parent.name}: {words}" for words in tally.disagreements]
    print("\n".join(said) or "没有不一致。")
    return 0


def measure(truth_file: Path) -> tuple[Tally, int]:
    """Every thread page of one folder against its truth."""
    engine = "phpwind" if truth_file.parent.name.startswith("phpwind") else "discuz"
    truth = {str(t["tid"]): t for t in json.loads(truth_file.read_text(encoding="utf-8"))["threads"]}
    tally, pages = Tally(), 0
    found: dict[str, dict[str, Reply]] = defaultdict(dict)
    last_pages: dict[str, set[int]] = defaultdict(set)
    for path, page in _thread_pages(truth_file.parent, engine):
        pages += 1
        known = truth[page.thread]
        tally.check("title", path.name, page.title, " ".join(known["title"].split()))
        _check_post(tally, path.name, page.post, known, engine)
        if (
            "author" in path.name
        ):  # a view of one author's posts: its floors are its own, and it is not the whole thread
            continue
        found[page.thread].update({reply.id: reply for reply in page.replies})
        last_pages[page.thread] |= {page.page, -(page.pages or 1)}
    for path, row in _list_rows(truth_file.parent, engine):
        _check_row(tally, path.name, row, truth[row.thread])
    for thread, replies in found.items():
        _check_replies(tally, thread, replies, truth[thread], last_pages[thread], engine)
    return tally, pages


def _thread_pages(folder: Path, engine: str) -> Iterator[tuple[Path, ThreadPage]]:
    board = saved.entry_for(engine)
    for path in sorted(folder.glob("thread_*.htm*")):
        try:
            yield path, engines.get(engine).read_thread(saved.load(board, path), board)
        except PageFailure as failure:
            print(f"  {folder.name}/{path.name}: {failure.outcome.value}", file=sys.stderr)


def _list_rows(folder: Path, engine: str) -> Iterator[tuple[Path, ListRow]]:
    board = saved.entry_for(engine)
    for path in sorted(folder.glob("list_*.htm*")):
        try:
            rows = engines.get(engine).read_list(saved.load(board, path), board, "2").rows
            yield from ((path, row) for row in rows)
        except PageFailure as failure:
            print(f"  {folder.name}/{path.name}: {failure.outcome.value}", file=sys.stderr)


def _check_row(tally: Tally, where: str, row: ListRow, known: dict[str, Any]) -> None:
    """Title, author, day, and whether it is pinned or a stub; what changes (last post, replies) is not in the truth."""
    day = datetime.fromtimestamp(known["dateline"], CITY).date()
    pinned = bool(known.get("topped", known.get("displayorder", 0)))
    moved = known["kind"] == "moved-stub"
    read = (row.title, row.author, row.posted_at and row.posted_at.astimezone(CITY).date(), row.sticky)
    tally.check(
        "list rows",
        f"{where} {row.thread}",
        (*read, row.state is ThreadState.MOVED),
        (" ".join(known["title"].split()), known["author"], day, pinned, moved),
    )


def _check_post(tally: Tally, where: str, post: Post | None, known: dict[str, Any], engine: str) -> None:
    if post is None:
        return
    tally.check("author", where, post.author, known["author"])
    tally.check("time", where, post.posted_at, datetime.fromtimestamp(known["dateline"], UTC))
    _check_body(tally, where, post.body, known["body"], engine)


def _check_replies(
    tally: Tally, thread: str, found: dict[str, Reply], known: dict[str, Any], pages: set[int], engine: str
) -> None:
    """Which replies were read (of threads whose every page was saved), and each of them."""
    visible = [r for r in known["replies"] if r["state"] != "hidden"]
    last = -min(pages, default=0)
    if pages.issuperset(range(1, last + 1)):
        own = sorted(i for i in found if not i.startswith("c"))
        tally.check("replies", thread, own, sorted(str(r["pid"]) for r in visible))
    for index, reply in enumerate(visible, 1):
        read = found.get(str(reply["pid"]))
        if read is None:
            continue
        where = f"{thread}#{read.id}"
        tally.check("author", where, read.author, reply["author"])
        tally.check("time", where, read.posted_at, datetime.fromtimestamp(reply["dateline"], UTC))
        # Both count what a guest is shown, whatever was hidden between: phpwind from 0 (楼主), Discuz! from 1.
        tally.check("floor", where, read.floor, index + (engine == "discuz"))
        _check_body(tally, where, read.body, "" if reply["state"] == "blocked" else reply["bbcode"], engine)


def _check_body(tally: Tally, where: str, read: str, bbcode: str, engine: str) -> None:
    shown, true = (re.sub(r"\s+", "", words) for words in (read, plain(bbcode, engine)))
    tally.check("body", where, shown, true)
    same = sum(block.size for block in difflib.SequenceMatcher(None, shown, true, autojunk=False).get_matching_blocks())
    tally.right["body characters"] += same
    tally.all["body characters"] += max(len(shown), len(true))


def plain(bbcode: str, engine: str) -> str:
    """What a guest is shown of a body: quotes are others' words; Discuz! hides ``[hide]`` and draws smilies as images."""
    text = re.sub(r"(?s)\[(quote|img|attach)\b[^\]]*\].*?\[/\1\]", "", bbcode)
    if engine == "discuz":
        text = re.sub(r"(?s)\[hide\].*?\[/hide\]|(?<=\s):(?:lol|\()", "", text)
    return tidy(re.sub(r"\[/?(?:b|i|url|table|tr|td|code|size|color)\b[^\]]*\]", "", text))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/boards")))
