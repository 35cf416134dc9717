"""The staff manual: its pictures are there and are those that are drawn, its keys are the desk's, its words are on the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo.pictures import PICTURES
from ticketing.lifecycle import MOVES

DOCS = Path(__file__).parent.parent / "docs"
TEXT = (DOCS / "manual.zh-CN.md").read_text(encoding="utf-8")
DESK = DOCS.parent / "desk" / "web"


def test_every_picture_shown_is_drawn_by_the_command_and_there() -> None:
    shown = set(re.findall(r"pictures/([\w-]+)\.png", TEXT))
    assert shown == set(PICTURES) == {p.stem for p in (DOCS / "pictures").glob("*.png")}
    assert sum(p.stat().st_size for p in (DOCS / "pictures").glob("*.png")) < 1_500_000


def test_every_key_the_manual_names_does_something() -> None:
    script = (DESK / "static" / "desk.js").read_text(encoding="utf-8")
    keys = {k for k in re.findall(r"<kbd>(\S+?)</kbd>", TEXT) if len(k) == 1}
    assert len(keys) >= 9
    for key in keys:
        assert re.search(rf'(\b{re.escape(key)}|"{re.escape(key)}"): ', script), key


@pytest.mark.parametrize("move", ["refile", "force", "grant_extension", "refuse_extension", "pause", "resume", "close", "follow_up", "reopen"])  # fmt: skip
def test_the_moves_have_the_names_of_the_desk(move: str) -> None:
    assert f"**{MOVES[move].name_zh}**" in TEXT


def test_every_file_it_points_to_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+\.md)\)", TEXT):
        assert (DOCS / target).is_file(), target
