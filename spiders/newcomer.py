"""Meets a board nobody has described yet: which software it runs, which section an address shows, what can be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import requests
from protego import Protego

from data.problem import Problem
from data.records import ListRow
from data.reference import Board, Section
from spiders import engines
from spiders.pages import Page, decode, document

_SECTION = re.compile(r"(?:fid[=-]|forum-|f)(\d{1,9})")
TIMEOUT = (5, 20)


class Unrecognised(Problem):
    """An address that cannot become a board; the message says why and what to do."""


def meet(url: str, user_agent: str, slug: str = "", name: str = "") -> tuple[Board, tuple[ListRow, ...]]:
    """The entry for the board whose section list is at ``url``, and the rows that can be read of it.

    Asks robots.txt first and takes its no for an answer. Raises Unrecognised.
    """
    page = _fetch(url, user_agent)
    text = decode(page)
    engine = engines.identify(text)
    if engine is None:
        known = "、".join(engines.ENGINES)
        raise Unrecognised(f"认不出 {url} 用的论坛软件（认得 {known}）；请给出一个版块列表页的地址")
    section = _SECTION.search(urlsplit(url).query) or _SECTION.search(urlsplit(url).path)
    if section is None:
        raise Unrecognised(f"{url} 里看不出版块号；请给出一个版块列表页的地址，例如 …fid=2")
    parts = urlsplit(url)
    entry = Board(
        slug=slug or re.sub(r"[^a-z0-9]+", "-", (parts.hostname or "board").lower()).strip("-"),
        name=name or parts.hostname or url,
        engine=engine,
        url=urljoin(url, "./"),
        sections=(Section(id=section[1], name=_title(text)),),
        rewritten="forum-" in parts.path,
    )
    return entry, engines.get(engine).read_list(page, entry, section[1]).rows


def _fetch(url: str, user_agent: str) -> Page:
    if urlsplit(url).scheme not in ("http", "https"):
        raise Unrecognised(f"{url} 不是网址；请以 http:// 或 https:// 开头")
    try:
        robots = requests.get(urljoin(url, "/robots.txt"), headers={"User-Agent": user_agent}, timeout=TIMEOUT)
        if robots.ok and not Protego.parse(robots.text).can_fetch(url, user_agent):
            raise Unrecognised(f"robots.txt 不许读取 {url}；请先向对方申请许可")
        answer = requests.get(url, headers={"User-Agent": user_agent}, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise Unrecognised(f"{url} 打不开（{type(error).__name__}）；请核对网址") from None
    if answer.status_code in (401, 403, 429):
        raise Unrecognised(f"{url} 拒绝读取（{answer.status_code}）；请先向对方申请许可")
    headers = {k.lower(): v for k, v in answer.headers.items()}
    return Page(answer.url, answer.status_code, headers, answer.content, datetime.now(UTC))


def _title(text: str) -> str:
    title = document(text).xpath("string(//title)").get("") if text.lstrip().startswith("<") else ""
    return re.split(r"\s*[-_|–]\s*", title.strip())[0][:40]
