"""The tests that the document on a ticket's life names are there, and so is every move."""

from __future__ import annotations

import re
from pathlib import Path

from ticketing.lifecycle import MOVES

HERE = Path(__file__).parent
TEXT = (HERE.parent / "docs" / "lifecycle.md").read_text(encoding="utf-8")
INTERNAL = {"recompute", "note"}  # told of in words


def test_every_boundary_has_the_tests_it_names() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "`test_" in line]
    assert len(rows) >= 13
    for row in rows:
        [file] = re.findall(r"`(\w+)`: `test_", row)
        code = (HERE / f"test_ticketing_{file}.py").read_text(encoding="utf-8")
        assert [name for name in re.findall(r"`(test_\w+)`", row) if f"def {name}(" not in code] == []


def test_every_move_is_in_the_table() -> None:
    assert [m for m, move in MOVES.items() if m not in INTERNAL and not (m in TEXT and move.name_zh in TEXT)] == []
