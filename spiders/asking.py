"""One page asked for outside a crawl, when a newcomer is met: robots.txt first, bounded in time and size, on its own host."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import requests
from protego import Protego

from data.problem import Problem
from spiders.pages import MAX_BYTES, Ask, JsonAsk, Page

TIMEOUT = (5, 20)  # seconds to connect, and for each piece
DEADLINE = 30.0  # seconds for a whole page, however slowly it drips
MOST_REDIRECTS = 5


class Unrecognised(Problem):
    """An address that cannot become a board; the message says why and what to do."""


class Visitor:
    """Asks one site, with ``pause`` seconds between two questions."""

    def __init__(self, user_agent: str, pause: float) -> None:
        self.user_agent, self.pause = user_agent, pause
        self.robots: dict[str, Protego] = {}
        self.asked_at = 0.0

    def ask(self, ask: Ask) -> Page:
        """The answer to ``ask``, after redirects on the same host. Raises Unrecognised."""
        if urlsplit(ask.url).scheme not in ("http", "https") or not urlsplit(ask.url).hostname:
            raise Unrecognised(f"{ask.url} 不是网址；请以 http:// 或 https:// 开头")
        home = urlsplit(ask.url).hostname
        url = ask.url
        for _ in range(MOST_REDIRECTS + 1):
            self._permitted(url)
            page = self._send(ask, url)
            if page.status in (401, 403, 429):
                raise Unrecognised(f"{url} 拒绝读取（{page.status}）；请先向对方申请许可")
            if not 300 <= page.status < 400 or "location" not in page.headers:
                return page
            url = urljoin(url, page.headers["location"])
            if urlsplit(url).hostname != home or urlsplit(url).scheme not in ("http", "https"):
                raise Unrecognised(
                    f"{ask.url} 转到了别的网站（{urlsplit(url).hostname}）；请核对，并直接给出那边的网址"
                )
        raise Unrecognised(f"{ask.url} 跳来跳去没有尽头；请核对网址")

    def _permitted(self, url: str) -> None:
        """robots.txt is asked once a site; its no is an answer. None at all means no rules."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self.robots:
            answer = self._send(Ask(f"{site}/robots.txt"), f"{site}/robots.txt")
            said = answer.body[: 512 * 1024].decode("utf-8", "replace") if answer.status == 200 else ""
            self.robots[site] = Protego.parse(said)
        if not self.robots[site].can_fetch(url, self.user_agent):
            raise Unrecognised(f"robots.txt 不许读取 {url}；请先向对方申请许可")

    def _send(self, ask: Ask, url: str) -> Page:
        time.sleep(max(0.0, self.asked_at + self.pause - time.monotonic()))
        headers = {**ask.headers, "User-Agent": self.user_agent, "Accept-Encoding": "identity"}
        try:
            with requests.request(
                ask.method,
                url,
                headers=headers,
                data=dict(ask.form) if ask.form else None,
                json=dict(ask.json) if isinstance(ask, JsonAsk) else None,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = _body(answer, url)
        except (requests.RequestException, OSError, ValueError) as error:
            raise Unrecognised(f"{url} 打不开（{type(error).__name__}）；请核对网址") from None
        finally:
            self.asked_at = time.monotonic()
        return Page(url, answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body, datetime.now(UTC))


def _body(answer: requests.Response, url: str) -> bytes:
    """What came, piece by piece as it comes, so that neither a flood nor a drip can hold us."""
    until, pieces, size = time.monotonic() + DEADLINE, [], 0
    while piece := answer.raw.read1(65_536):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise Unrecognised(f"{url} 太大（超过 {MAX_BYTES // 1024 // 1024} MB），没有读；请核对网址")
        if time.monotonic() > until:
            raise Unrecognised(f"{url} 应答太慢，{DEADLINE:.0f} 秒还没有传完；请换个时候再试")
    return b"".join(pieces)
