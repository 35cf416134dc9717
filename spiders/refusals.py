"""Why a request brought no page: Scrapy's and Twisted's exceptions as the outcomes and sentences staff read."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest
from twisted.python.failure import Failure

from data.records import ReadOutcome


def explain(failure: Failure) -> tuple[ReadOutcome, str]:
    """The outcome and, in Chinese, what to do about it."""
    error = failure.value
    name = type(error).__name__
    if isinstance(error, IgnoreRequest):
        if "robots" in str(error).lower():
            return ReadOutcome.ROBOTS, "robots.txt 不许读取"
        if "maxsize" in str(error).lower():
            return ReadOutcome.TOO_LARGE, "页面解压以后过大，没有读"
        if "redirections" in str(error).lower():
            return ReadOutcome.MALFORMED, "地址跳来跳去没有尽头；请核对 boards.toml 的 url"
        return ReadOutcome.FORBIDDEN, "地址跳到了别的网站，没有跟过去；请核对 boards.toml 的 url"
    if "Timeout" in name:
        return ReadOutcome.UNREACHABLE, "论坛没有在限定时间内应答，下次再试"
    if "DNS" in name:
        return ReadOutcome.UNREACHABLE, "找不到论坛的域名；请核对 boards.toml 的 url"
    if "Cancel" in name or "DataLoss" in name or "maxsize" in str(error).lower():
        return ReadOutcome.TOO_LARGE, "页面过大或没有传完，没有读"
    return ReadOutcome.UNREACHABLE, f"论坛连接不上（{name}），下次再试"
