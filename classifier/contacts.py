"""Contact details a citizen left in a post: 手机, 电话, QQ, 微信, 邮箱, 地址.

Every pattern has bounded repeats and no nested ones, so none can run away on hostile text.
Service numbers (110, 12345, 400…) are nobody's contact. Masked numbers (138****1234) are kept as they stand.
"""

from __future__ import annotations

import re
import unicodedata

from data.records import Contact

READ = 6000  # characters from the front
TAIL = 2000  # and from the end, where people sign
MOST = 8

_MOBILE = re.compile(r"(?<![\d*])(?:\+?86[- ]?)?(1[3-9]\d[- ]?[\d*x]{4}[- ]?[\d*x]{4})(?![\d*])", re.ASCII)
_LANDLINE = re.compile(r"(?<![\d-])((?:\(0\d{2,3}\)|0\d{2,3})[- ]?[2-8]\d{6,7}(?:[-转]\d{1,5})?)(?!\d)", re.ASCII)
_LOCAL = re.compile(r"(?:电话|座机|热线|tel)(?:号码)?[:是为 ]{0,3}([2-8]\d{6,7})(?!\d)", re.ASCII)
_QQ = re.compile(r"(?:qq|扣扣|企鹅)号?(?:码)?[:是为 ]{0,3}([1-9]\d{4,10})(?!\d)", re.ASCII)
_WECHAT = re.compile(
    r"(?:微信|weixin|wechat|(?<![a-z])wx|(?<![a-z])vx)号?(?:码)?[:是为 ]{0,3}([a-z][a-z0-9_-]{5,19}|1[3-9]\d{9})(?![\w-])",
    re.ASCII,
)
_MAIL = re.compile(r"(?<![\w.+-])([\w+-][\w.+-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4})(?![\w-])", re.ASCII)
_ADDRESS = re.compile(
    r"(?:(?:地址|住址)[:是为 ]{1,3}|(?:我家住|我住|家住|现住|居住|住在)在?(?=[^,。;!?]{0,24}[号栋楼室]))"
    r"([^\s,。;!?:、]{4,40})"
)
# Without one of these or of SIGNS no pattern can match: most posts hold a date or a sum and nothing to ring.
# (It begins with one sort of character, so that it is searched for fast.)
SIGN = re.compile(r"[0-9@](?:(?<=@)|[0-9]{2}[- ]?[0-9*x]{4}|[0-9]{4})")
_LIVING = ("地址", "住址", "我住", "家住", "现住", "居住", "住在")
_MESSENGER = ("微信", "weixin", "wechat", "wx", "vx")
SIGNS = (*_LIVING, *_MESSENGER)
# What numbers are written with, and what may not stand beside them: all that the two patterns below look at.
_RUN = re.compile(r"[0-9()+*x 转-]{10,}")
_NUMBERS = (("手机", _MOBILE), ("电话", _LANDLINE))
# Kind, pattern, and words one of which it must hold.
_PATTERNS = (
    *(("电话", _LOCAL, ("电话", "座机", "热线", "tel")), ("QQ", _QQ, ("qq", "扣扣", "企鹅"))),
    *(("微信", _WECHAT, _MESSENGER), ("邮箱", _MAIL, ("@",))),
)


def contacts(text: str) -> tuple[Contact, ...]:
    """The details found, each once, in the order of the kinds above; at most MOST."""
    kept = text if len(text) <= READ + TAIL else f"{text[:READ]} {text[-TAIL:]}"
    return contacts_in(unicodedata.normalize("NFKC", kept).lower())


def contacts_in(plain: str) -> tuple[Contact, ...]:
    """The same of a text in normal form."""
    found = [Contact("地址", m) for m in _ADDRESS.findall(plain)[:2]] if _any(_LIVING, plain) else []
    if _any(_MESSENGER, plain) or SIGN.search(plain):
        runs = "|".join(_RUN.findall(plain))
        told = [(kind, pattern, runs) for kind, pattern in _NUMBERS if runs]
        told += [(kind, pattern, plain) for kind, pattern, words in _PATTERNS if _any(words, plain)]
        found = [Contact(kind, m) for kind, pattern, text in told for m in pattern.findall(text)] + found
    return tuple(dict.fromkeys(found))[:MOST]


def _any(words: tuple[str, ...], text: str) -> bool:
    return any(word in text for word in words)
