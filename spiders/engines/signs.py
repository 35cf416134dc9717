"""What a page that is not the one we asked for looks like: refusals, errors, and other people's software."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from data.records import ReadOutcome
from spiders import engines
from spiders.pages import Page, PageFailure, document

# The board's own words -> what they mean; the first that fits decides, so the surer words stand first.
WORDS: tuple[tuple[ReadOutcome, re.Pattern[str]], ...] = (
    (ReadOutcome.CAPTCHA, re.compile("验证码|人机验证|安全验证|滑动验证|captcha|Just a moment", re.IGNORECASE)),
    (
        ReadOutcome.GONE,
        re.compile(
            "不存在|已被?删除|被.{0,8}删除|正在.{0,2}审核|(没有?|未)通过.{0,6}(验证|审核)|等待审核|ID ?非法|被管理员关闭|帖子已被关闭|回收站|已被?屏蔽"
        ),
    ),
    (
        ReadOutcome.LOGIN,
        re.compile(
            "(尚未|没有|未|还没)登[录陆入]|请先?登[录陆入]|需要?登[录陆入]|登[录陆入]后|需要密码|游客.{0,12}(无法|不能|没有)"
        ),
    ),
    (ReadOutcome.UNREACHABLE, re.compile("turn off CC|Please Refresh|刷新过快")),  # phpwind's, against fast readers
    (
        ReadOutcome.FORBIDDEN,
        re.compile("权限|无权|无法进行此操作|禁止|拒绝|认证版块|Access Denied|Forbidden|签名", re.IGNORECASE),
    ),
    (
        ReadOutcome.UNREACHABLE,
        re.compile("繁忙|维护|(站点|论坛)(暂时|已)?关闭|过于频繁|稍[后候]|Database Error|System Error|502|503"),
    ),
)
# A board in traditional characters says the same: those of them that stand in the words above.
_SIMPLIFIED = str.maketrans(
    "驗證碼動刪審過關閉帳論壇錄陸權無絕認塊請後沒還載碼進許護點暫時頻繁稱錯誤開題遊維體驗",
    "验证码动删审过关闭帐论坛录陆权无绝认块请后没还载码进许护点暂时频繁称错误开题游维体验",
)
ADVICE: Mapping[ReadOutcome, str] = {
    ReadOutcome.GONE: "帖子或版块已不可见；如果打开网页还能看到，请告知维护人员",
    ReadOutcome.LOGIN: "需要登录才能看；请向论坛申请阅读许可，或在 boards.toml 去掉这个版块",
    ReadOutcome.FORBIDDEN: "论坛不让读；请向论坛申请许可，不要绕过",
    ReadOutcome.CAPTCHA: "论坛要求人机验证；请降低读取频率，并与论坛联系",
    ReadOutcome.UNREACHABLE: "论坛暂时不能用；过一会儿会再读",
    ReadOutcome.MALFORMED: "没有读到应有的内容；请打开这一页核对",
}
OTHERS: Mapping[str, re.Pattern[str]] = {
    "动网论坛": re.compile(r"Powered By.{0,40}Dvbbs|dvbbs\.net", re.IGNORECASE),
    "phpBB": re.compile(r"Powered by.{0,40}phpBB|id=\"phpbb\"", re.IGNORECASE),
    "vBulletin": re.compile(r"content=\"vBulletin", re.IGNORECASE),
    "WordPress": re.compile(r"content=\"WordPress", re.IGNORECASE),
    "单页应用（内容由脚本另取）": re.compile(r"<div id=\"?(?:app|root)\"?>\s*</div>", re.IGNORECASE),
}


def check_status(page: Page) -> None:
    """Statuses that say enough by themselves. Raises PageFailure; 200 and 404 are left to the words of the page."""
    status = page.status
    if status >= 500 or status == 429 or status < 200:
        raise PageFailure(ReadOutcome.UNREACHABLE, f"站点答复 {status}：{ADVICE[ReadOutcome.UNREACHABLE]}")
    if status == 401:
        raise PageFailure(ReadOutcome.LOGIN, f"站点答复 401：{ADVICE[ReadOutcome.LOGIN]}")
    if status >= 400 and status not in (404, 410):
        captcha = WORDS[0][1].search(page.body[:20000].decode("utf-8", "ignore"))
        outcome = ReadOutcome.CAPTCHA if captcha else ReadOutcome.FORBIDDEN
        raise PageFailure(outcome, f"站点答复 {status}：{ADVICE[outcome]}")
    if 300 <= status < 400 and to_login(page.headers.get("location", "")):
        raise PageFailure(ReadOutcome.LOGIN, f"论坛把读者转到登录页：{ADVICE[ReadOutcome.LOGIN]}")
    if 300 <= status < 400:
        raise PageFailure(ReadOutcome.MALFORMED, f"站点答复 {status}，转到了别的地址；请核对 boards.toml 的 url")


def to_login(target: str) -> bool:
    """Does this address ask who the reader is?"""
    return re.search(r"mod=logging|(?:^|[/.?&=])login\b", target) is not None


def whole(text: str) -> None:
    """A thread cut short in transfer looks like one without the last answers. Raises PageFailure."""
    if "</html" not in text[-4000:].lower():
        raise PageFailure(ReadOutcome.MALFORMED, "页面没有结尾，可能没有传完；会再读一次")


def refuse(words: str, status: int = 200) -> NoReturn:
    """The board answered with a message instead of the page: raise what the message means, quoting it."""
    unsaid = ReadOutcome.GONE if status in (404, 410) else ReadOutcome.MALFORMED
    outcome = meaning(words[:2000]) or unsaid
    raise PageFailure(outcome, f"论坛提示“{quote(words)}”：{ADVICE[outcome]}")


def meaning(words: str) -> ReadOutcome | None:
    """What a board's words for having nothing to show come to."""
    plain = words.translate(_SIMPLIFIED)
    return next((outcome for outcome, pattern in WORDS if pattern.search(plain)), None)


def explain(page: Page, text: str, expected: str, wanted: str) -> NoReturn:
    """Nothing of what was wanted (帖子, 列表…) is on the page: raise why, as far as the page tells."""
    if not text.strip() and page.status == 200:
        raise PageFailure(ReadOutcome.MALFORMED, "页面是空的，可能没有传完；会再读一次")
    found = engines.identify(text)
    if found is not None and not found.startswith(expected):  # phpwind reads the pages of phpwind9 as well
        _wrong(expected, found)
    other = None if found else next((software for software, pattern in OTHERS.items() if pattern.search(text)), None)
    if other:
        _wrong(expected, other)
    if page.status in (404, 410):
        raise PageFailure(ReadOutcome.GONE, f"站点答复 {page.status}：{ADVICE[ReadOutcome.GONE]}")
    plain = _visible(text)
    if len(plain) < (200 if found else 1500):  # a page with little on it but a message; a forum's own has menus as well
        outcome = meaning(plain)
        # That a thread is gone we take from its own board only: any server says 不存在 of an address it does not know.
        if outcome and (found or outcome is not ReadOutcome.GONE):
            raise PageFailure(outcome, f"页面上写着“{quote(plain)}”：{ADVICE[outcome]}")
    if found is None:
        raise PageFailure(
            ReadOutcome.WRONG_SOFTWARE,
            f"这一页不像 {expected} 的页面，也认不出是什么软件；请核对 boards.toml 的 engine 和 url",
        )
    raise PageFailure(ReadOutcome.MALFORMED, f"是 {expected} 的页面，但读不到{wanted}；可能换了模板，请打开这一页核对")


def _visible(text: str) -> str:
    """What a person would see of the page; parsed, since no pattern over tags is safe on hostile text."""
    words = document(text[:200_000]).xpath("//text()[not(parent::script or parent::style)]").getall()
    return " ".join(" ".join(words).split())


def _wrong(expected: str, found: str) -> NoReturn:
    raise PageFailure(
        ReadOutcome.WRONG_SOFTWARE,
        f"boards.toml 写的软件是 {expected}，这一页看上去是 {found}；论坛可能换了软件，请改 engine 后再读",
    )


def quote(words: str) -> str:
    """The board's words on one short line, without control characters."""
    line = "".join(c for c in " ".join(words.split()) if c.isprintable())
    return line if len(line) <= 60 else line[:60] + "…"
