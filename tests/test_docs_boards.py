"""docs/boards.md says of every engine what its header says, and explains every sentence a crawl can fail with."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from spiders import engines
from spiders.engines import signs

DOCS = Path(__file__).parent.parent / "docs" / "boards.md"
BETWEEN = re.compile(r"(<!-- engines: [^>]*-->\n).*?(<!-- /engines -->)", re.DOTALL)


def table() -> str:
    rows = ["| `engine` | what it reads | lists sorted by |", "|---|---|---|"]
    for name in engines.ENGINES:
        header = (import_module(f"spiders.engines.{name}").__doc__ or "").strip().partition("\n\n")[0]
        order = {"last_post": "last post", "created": "creation"}[engines.get(name).sorted_by]
        rows.append(f"| `{name}` | {' '.join(header.split())} | {order} |")
    return "\n".join(rows) + "\n"


def test_the_table_of_softwares_is_that_of_the_engines_headers() -> None:
    text = DOCS.read_text(encoding="utf-8")
    expected = BETWEEN.sub(lambda m: m[1] + table() + m[2], text)
    if text != expected:
        DOCS.write_text(expected, encoding="utf-8")
        pytest.fail("docs/boards.md 的软件表刚刚重写，请核对再提交")


@pytest.mark.parametrize(
    "advice", [a.split("；")[0] for o, a in signs.ADVICE.items() if o.value not in ("gone", "malformed")]
)
def test_every_advice_of_a_refusal_is_explained(advice: str) -> None:
    assert advice in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("spiders/health.py", ["缺的字段太多", "读的过程中程序出错", "一页也没有读到"]),
        ("spiders/spider.py", ["列表里没有帖子，以前有过", "还没有翻完", "一轮的时间用完了", "可能漏了", "没有读完", "robots.txt 不许读取"]),
        ("spiders/refusals.py", ["没有在限定时间内应答", "找不到论坛的域名", "过大"]),
        ("spiders/engines/signs.py", ["论坛可能换了软件，请改 engine 后再读", "也认不出是什么软件", "转到了别的地址", "没有传完"]),
        ("spiders/pages.py", ["解不开这一页"]),
        ("spiders/crawl.py", ["爬虫没有启动"]),
    ],
)  # fmt: skip
def test_the_sentences_explained_are_those_the_program_says(module: str, words: list[str]) -> None:
    code, docs = (DOCS.parents[1] / module).read_text(encoding="utf-8"), DOCS.read_text(encoding="utf-8")
    for word in words:
        assert word in code, f"{module} no longer says {word}"
        assert word in docs
