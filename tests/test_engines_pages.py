"""Every saved page beside what is expected of it; a new board or quirk is one more file, and no code.

``pages/<engine>/<case>.html|json|xml`` is read as an answer to what the JSON beside it says was asked (``url``, ``status``,
``received_at``; all may be left out). Cases named ``list…`` are lists. A missing ``result`` is written, and the test
then fails, for a person to review what was written.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from data.reference import Board, Section
from spiders import engines
from spiders.pages import Page, PageFailure

PAGES = Path(__file__).with_name("pages")
CASES = sorted(
    p for p in PAGES.glob("*/*") if p.suffix in (".html", ".json", ".xml") and not p.name.endswith(".expected.json")
)
HOSTS = {"people": "http://liuyan.example.test/"}


def board_of(engine: str) -> Board:
    return Board(
        slug="example",
        name="示例论坛",
        engine=engine,
        url=HOSTS.get(engine, "http://bbs.example.test/"),
        sections=(Section(id="2", name="民声"),),
        rewritten=engine == "phpwind",
    )


def read(path: Path, asked: dict[str, Any]) -> dict[str, Any]:
    engine, board = engines.get(path.parent.name), board_of(path.parent.name)
    is_list = path.name.startswith("list")
    url = (engine.list_ask(board, "2") if is_list else engine.thread_ask(board, "1203")).url
    received_at = datetime.fromisoformat(asked.get("received_at", "2026-11-23T06:05:00+00:00"))
    page = Page(asked.get("url", url), asked.get("status", 200), {}, path.read_bytes(), received_at.astimezone(UTC))
    try:
        found = engine.read_list(page, board, "2") if is_list else engine.read_thread(page, board)
    except PageFailure as failure:
        return {"failure": failure.outcome.value, "says": str(failure)}
    return json.loads(json.dumps(dataclasses.asdict(found), default=str), object_hook=said)  # type: ignore[no-any-return]


def said(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what is never a page's to say."""
    assert not record.get("entered_by")
    return {name: value for name, value in record.items() if name != "entered_by"}


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_saved_page_reads_as_expected(path: Path) -> None:
    beside = path.with_name(f"{path.stem}.expected.json")
    expected = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    result = read(path, expected)
    if "result" not in expected:
        beside.write_text(
            json.dumps({**expected, "result": result}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
        pytest.fail(f"{beside.name} 刚刚写好，请核对其中的 result 再提交")
    assert result == expected["result"]


def test_every_engine_has_saved_pages() -> None:
    assert {path.parent.name for path in CASES} == set(engines.ENGINES)
