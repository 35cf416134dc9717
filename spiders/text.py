"""Body fragments to clean text, and the ways Chinese forums write a time."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.element import PageElement, PreformattedString

MAX_BODY = 100_000  # characters kept of one body; the softwares themselves stop at about 50,000


@dataclass(frozen=True, slots=True)
class Body:
    """What a person wrote in one post."""

    text: str
    images: tuple[str, ...] = ()  # absolute links
    attachments: tuple[str, ...] = ()  # absolute links; Discuz! changes them at every visit


# Not the author's own words at this moment: scripts, quotes of others, notices of the software, text against copying.
_DROPPED_TAGS = frozenset({"script", "style", "noscript", "iframe", "object", "embed", "template", "title", "head"})
_DROPPED_CLASSES = frozenset(
    {
        "quote",
        "blockquote3",
        "blockquote",
        "content_hidden",
        "content_sell",
        "shield",
        "locked",
        "pstatus",
        "jammer",
        "sign",
        "signature",
        "sigline",
        "tip",
        "edit_log",
        "modact",
        "attach_tips",
        "phone",
        "inside_title",
        "quoteTips",
        "louMes",
    }
)
# Ids of a file's name and size, and of phpwind's edit notice and video player.
_DROPPED_IDS = ("attach_", "alert_", "player_")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE)
# A line of its own, as the softwares write it: an author who quotes the notice in a sentence keeps his words.
_EDITED = re.compile(
    r"^[^\S\n]*\[?\s?(?:此[帖贴]被|本帖最[后後]由)[^\[\]\n]{1,40}?[在于於]\s?"
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\s\d{1,2}:\d{2}(?::\d{2})?(?:\s[AP]M)?\s?(?:重新)?[编編][辑輯]\s?\]?"
    r"[^\S\n]*$",
    re.MULTILINE,
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "dl",
        "dd",
        "dt",
        "center",
        "section",
        "article",
        "hr",
        "form",
    ]
)
_FILE = re.compile(r"att_\d")
_DOWNLOAD = re.compile(r"attachment|job\.php")
_DECORATION = re.compile(r"smil|/static/image/|images/(?:post|wind|face)/|filetype/|/emotion|none\.gif", re.IGNORECASE)
_ENTITY = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")
_SPACES = re.compile(r"[ \t\r\f\v\xa0\u3000\u2000-\u200a\u202f\u205f]+")
# Control characters, zero-width spaces and the marks that turn writing round: nothing a reader should be misled by.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def line(text: str) -> str:
    """A title or name on one line: entities of characters outside the page's encoding restored, whitespace folded."""
    return " ".join(_INVISIBLE.sub("", unescape(text)).split())


def unescape(text: str) -> str:
    """``&#128512;`` left after parsing (GBK boards escape twice) to its character; all else is the author's own."""
    return _ENTITY.sub(_outside, text)


def _outside(found: re.Match[str]) -> str:
    """Browsers send by number only what the page's encoding lacks, and a decimal one: never a character of ASCII."""
    character = html.unescape(found[0])
    own = character.isascii() or (found[0][2] in "xX" and _in_gbk(character))
    return found[0] if own else character


def _in_gbk(character: str) -> bool:
    try:
        return bool(character.encode("gbk"))
    except UnicodeEncodeError:
        return False


def clean(fragment: str, base: str) -> Body:
    """The words of a body cell given as HTML, and its images and attachments as links absolute to ``base``."""
    fragment = _ASIDES.sub("", fragment)
    plain = _plain(fragment)
    if plain is not None:
        return Body(plain[:MAX_BODY])
    soup = BeautifulSoup(f"<div>{fragment}</div>", "lxml")
    attachments = _attachments(soup, base) if "<a" in fragment.lower() else ()
    for tag in [node for node in soup.descendants if isinstance(node, Tag) and _unwanted(node)]:
        if not tag.decomposed:
            tag.decompose()
    images = _images(soup, base) if "<im" in fragment.lower() else ()
    return Body(_text(soup)[:MAX_BODY], images, attachments)


# What most often stands beside the words, a script or a whole quote without another in it, goes before any parser is asked.
_ASIDES = re.compile(
    r"<script\b[^<>]*>[^<]*</script>"
    r"|<div class=\"quote\"><blockquote>[^<]*(?:<(?!/?(?:div|blockquote)\b)[^<]*)*</blockquote></div>"
)
# Most posts are words and line breaks in one cell, some of them bold, and need no parser: four in five on the boards seen.
_INLINE = r"</?(?:b|i|u|em|strong|font)>|<font(?: (?:color|size|face)=\"[\w #,-]{0,60}\")+>"
_PLAIN = re.compile(
    r"\s*(?:<(td|div|p)((?: (?:id|class)=\"[\w -]{0,80}\")*)>)?"
    rf"([^<\x00]*(?:(?:<br ?/?>|{_INLINE})[^<\x00]*)*)(?:</(td|div|p)>)?\s*"
)
_OTHER_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|nbsp);)")


def _plain(fragment: str) -> str | None:
    """The text of a cell that holds nothing but words, ``<br>`` and bold or coloured letters; None for any other."""
    found = _PLAIN.fullmatch(fragment)
    if found is None or found[1] != found[4] or (found[2] and _marked(found[2])) or _OTHER_ENTITY.search(found[3]):
        return None
    words = re.sub(r"[ \t\r\n\f]+", " ", found[3])
    if found[3].count("<") > found[3].count("<br"):
        words = re.sub(_INLINE, "", words)
    return tidy(html.unescape(re.sub(r"<br ?/?>", "\n", words)))


def _marked(attributes: str) -> bool:
    """Would the cell itself be dropped?"""
    values = re.findall(r'"([^"]*)"', attributes)
    return any(v.startswith(_DROPPED_IDS) or not _DROPPED_CLASSES.isdisjoint(v.split()) for v in values)


def _unwanted(tag: Tag) -> bool:
    if tag.name in _DROPPED_TAGS or tag.get("hidden") is not None:
        return True
    if not _DROPPED_CLASSES.isdisjoint(tag.get_attribute_list("class")) or _HIDDEN.search(str(tag.get("style") or "")):
        return True
    if str(tag.get("id") or "").startswith(_DROPPED_IDS):
        return True
    if _FILE.match(str(tag.get("id") or "")) and tag.find("a", href=_DOWNLOAD):  # phpwind's, in the middle of the words
        return True
    return "copycode" in str(tag.get("onclick") or "").lower()


def _text(soup: BeautifulSoup) -> str:
    """Walked without changing the tree: every insertion into a deep one costs its depth."""
    parts: list[str] = []
    waiting: list[tuple[PageElement | str, bool]] = [
        (soup, False)
    ]  # what to write next, and whether it stands in <pre>
    while waiting:
        node, kept = waiting.pop()
        if isinstance(node, Tag):
            edge = "\n" if node.name in _BLOCKS or node.name == "br" else ""
            parts.append(edge)
            after = " " if node.name in ("td", "th") else "" if node.name == "br" else edge
            waiting.append((after, True))
            waiting += [(child, kept or node.name == "pre") for child in reversed(node.contents)]
        elif isinstance(node, str) and not isinstance(node, PreformattedString):  # not comments and declarations
            parts.append(str(node) if kept else re.sub(r"[ \t\r\n\f]+", " ", node))
    return tidy("".join(parts))


def tidy(text: str) -> str:
    """Plain text without edit notices, invisible characters and superfluous whitespace; at most one empty line."""
    text = _EDITED.sub("", _INVISIBLE.sub("", unescape(text)))
    lines = [_SPACES.sub(" ", one).strip() for one in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _images(soup: BeautifulSoup, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for img in soup.find_all("img"):
        source = str(img.get("zoomfile") or img.get("file") or img.get("src") or "")
        link = absolute(source, base)
        if link and img.get("smilieid") is None and not _DECORATION.search(link):
            found[link] = None
    return tuple(found)


def _attachments(soup: BeautifulSoup, base: str) -> tuple[str, ...]:
    links = (absolute(str(a.get("href") or ""), base) for a in soup.find_all("a", href=_DOWNLOAD))
    return tuple(dict.fromkeys(link for link in links if link and "nothumb" not in link))


def absolute(link: str, base: str) -> str:
    """``link`` resolved against ``base``; empty when it is not something to fetch (``javascript:``, ``data:``…)."""
    try:
        joined = urljoin(base, link.strip())
    except ValueError:
        return ""
    return joined if link.strip() and joined.lower().startswith(("http://", "https://")) else ""


_LEAD = re.compile(r"^(?:发表于|發表於|发布于|发表时间|回复时间|评价时间|留言时间|最后发表|时间)?\s*[:：]?\s*")
_CLOCK = r"(?P<h>\d{1,2})[:：时](?P<m>\d{1,2})(?:[:：分](?P<s>\d{1,2}))?[分秒]?(?:\s?(?P<half>[AP])M)?"
_ABSOLUTE = re.compile(
    rf"(?P<y>\d{{4}})\s?[-/.年]\s?(?P<mon>\d{{1,2}})\s?[-/.月]\s?(?P<d>\d{{1,2}})\s?日?(?:[\sT]*{_CLOCK})?"
)
_THIS_YEAR = re.compile(rf"(?P<mon>\d{{1,2}})[-/月](?P<d>\d{{1,2}})日?\s*{_CLOCK}")
# As the board's date format may have it: day or month first, which no text tells by itself.
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}})(?:[\sT]*{_CLOCK})?")
_AGO = re.compile(r"(?P<n>\d{1,6}|半)\s*(?:个|個)?(?P<unit>秒[钟鐘]?|分[钟鐘]?|小[时時])之?前")
_DAYS_AGO = re.compile(rf"(?:(?P<word>今天|昨天|前天)|(?P<n>\d{{1,5}})\s*天前)\s*(?:{_CLOCK})?")
_SECONDS = {"秒": 1, "分": 60, "小": 3600}


def parse_time(text: str, zone: tzinfo, now: datetime, *, month_first: bool = False) -> datetime:
    """A forum's time, absolute or relative to ``now``, as UTC; a day without a clock time is its first moment in ``zone``.

    ``now`` is when the page was received (aware). Without a year, the latest year that is not in the future.
    ``month_first``: 03-04-2026 is a day in March. Raises ValueError.
    """
    words = _LEAD.sub("", _SPACES.sub(" ", text[:80].replace("\n", " ")).strip())
    here = now.astimezone(zone)
    try:
        if m := _ABSOLUTE.fullmatch(words):
            return _moment(int(m["y"]), int(m["mon"]), int(m["d"]), m, zone)
        if m := _YEAR_LAST.fullmatch(words):
            day, month = (m["b"], m["a"]) if month_first else (m["a"], m["b"])
            return _moment(int(m["y"]), int(month), int(day), m, zone)
        if m := _THIS_YEAR.fullmatch(words):
            found = _moment(here.year, int(m["mon"]), int(m["d"]), m, zone)
            return (
                found
                if found <= now + timedelta(days=1)
                else found.astimezone(zone).replace(year=here.year - 1).astimezone(UTC)
            )
        if words in ("刚刚", "刚才", "剛剛", "剛才"):
            return now.astimezone(UTC)
        if m := _AGO.fullmatch(words):
            count = 0.5 if m["n"] == "半" else int(m["n"])
            return (now - timedelta(seconds=count * _SECONDS[m["unit"][0]])).astimezone(UTC)
        if m := _DAYS_AGO.fullmatch(words):
            days = {"今天": 0, "昨天": 1, "前天": 2}[m["word"]] if m["word"] else int(m["n"])
            day = here.date() - timedelta(days=days)
            return _moment(day.year, day.month, day.day, m, zone)
    except (OverflowError, ValueError):
        pass
    raise ValueError("not a time this program knows")


_FOOT = re.compile(r"GMT[^,<>]{0,8}, (\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\s")


def month_first(text: str, zone: tzinfo, now: datetime) -> bool:
    """Does the board write the month before the day, where the year is last? The clock at the foot tells, being today's."""
    found = _FOOT.findall(text[-20_000:])
    if not found:
        return False
    first, second, year = map(int, found[-1])
    today = now.astimezone(zone).date()
    return _is_by(today, year, first, second) and not _is_by(today, year, second, first)


def _is_by(today: date, year: int, month: int, day: int) -> bool:
    """Is this day today, or the one before or after it, as in another zone?"""
    return any((d.year, d.month, d.day) == (year, month, day) for d in (today + timedelta(days=n) for n in (-1, 0, 1)))


def _moment(year: int, month: int, day: int, m: re.Match[str], zone: tzinfo) -> datetime:
    if not 1970 <= year <= 2200:
        raise ValueError("year out of range")
    hour, minute, second = (int(m[part] or 0) for part in ("h", "m", "s"))
    if m["half"]:
        hour = hour % 12 + (12 if m["half"] == "P" else 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
