"""robots.txt obeyed, and asked for once a day rather than at every cycle."""

from __future__ import annotations

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.python import to_bytes

from spiders.spider import BoardSpider

MOST_BYTES = 512 * 1024  # RFC 9309 asks for at least 500 KiB


class RememberedRobots(RobotsTxtMiddleware):
    """Scrapy's own, with the store between: what a site said holds for a day."""

    async def robot_parser(self, request: Request) -> RobotParser | None:
        site, netloc = _site(request)
        spider = self.crawler.spider
        if netloc not in self._parsers and isinstance(spider, BoardSpider) and spider.store is not None:
            body = spider.store.visits.robots(site, spider.clock())
            if body is not None:
                self._parsers[netloc] = build_from_crawler(self._parserimpl, self.crawler, body)
        return await super().robot_parser(request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        """No robots.txt (4xx) means no rules, whatever the error page says; a site that is down is asked again."""
        absent = 400 <= response.status < 500
        body = b"" if absent else to_bytes(response.body)[:MOST_BYTES]
        spider = self.crawler.spider
        if (absent or response.status == 200) and isinstance(spider, BoardSpider) and spider.store is not None:
            with spider.store.transaction():
                spider.store.visits.keep_robots(_site(request)[0], spider.clock(), body)
        await super()._parse_robots(response.replace(body=body), netloc, request)


def _site(request: Request) -> tuple[str, str]:
    """Scheme and host with port as one, and the host with port as Scrapy names it."""
    scheme, _, rest = request.url.partition("://")
    netloc = rest.split("/", 1)[0].split("?", 1)[0]
    return f"{scheme}://{netloc}", netloc
