"""What staff are told, by kind: one table of templates that fit one SMS, and how long a text is as SMS.

A text of up to 70 characters is one part. A longer one is cut into parts of 67, for each says which part it is
(3GPP TS 23.040, 9.2.3.24.1); characters beyond the basic plane count as two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from classifier.contacts import contacts
from data.city import City
from data.records import Ticket, Urgency

ONE_PART, OF_SEVERAL = 70, 67
LONGEST_LINK = 64  # a longer one is left out: half an address is none
SHORTEST_TITLE, LONGEST_TITLE = 8, 24  # the thread itself says more than a longer title would


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: its words, whether a leader gets it, and whether it may wake anyone at night."""

    words: str
    to_leader: bool = False
    at_night: bool = False
    parts: int = 1  # of an SMS, where the settings do not allow more


# {urgent} 即办 or nothing · {number} · {title}, cut to what fits · {due} 应答时限 · {settle} 办结时限 · {unit} · {link}
KINDS: Mapping[str, Kind] = {
    "filing": Kind("{urgent}工单{number}：{title}。请于{due}前在原帖回复 {link}", at_night=True),
    "urge": Kind("催办：工单{number}应于{due}前在原帖回复，还没有看到：{title}。请抓紧 {link}"),
    "supervise": Kind("督办：工单{number}已过应答时限{due}，原帖仍无回复：{title}。请立即回复 {link}"),
    "leader": Kind("抄报：{unit}工单{number}应于{due}前答复，仍未答复：{title} {link}", to_leader=True),
    "urge-accept": Kind("催办：工单{number}还没有签收：{title}。请签收并于{due}前在原帖回复 {link}"),
    "urge-completion": Kind("催办：工单{number}应于{settle}前办结：{title}。请抓紧办理 {link}"),
    "supervise-completion": Kind("督办：工单{number}已过办结时限{settle}：{title}。请立即办理 {link}"),
    "leader-completion": Kind("抄报：{unit}工单{number}应于{settle}前办结，仍未办结：{title} {link}", to_leader=True),
    "force": Kind("维持交办：工单{number}退单未获同意：{title}。应答时限{due} {link}", at_night=True),
    "reopen": Kind("重办：工单{number}重新办理：{title}。请于{settle}前办结 {link}", at_night=True),
    "grant_extension": Kind("延期：工单{number}同意延期，请于{settle}前办结：{title} {link}", at_night=True),
    "refuse_extension": Kind("延期：工单{number}不同意延期，仍应于{settle}前办结：{title} {link}", at_night=True),
    "surge": Kind("{text}", at_night=True),  # a storm does not wait for the morning
    "duty": Kind("{text}", at_night=True),
    "digest": Kind("{text}"),
    "leader-digest": Kind("{text}", to_leader=True, parts=2),  # the head of the chain is 64 letters long
}


def parts(text: str) -> int:
    """How many SMS ``text`` is."""
    length = units(text)
    return 1 if length <= ONE_PART else -(-length // OF_SEVERAL)


def units(text: str) -> int:
    """Length in UTF-16 code units, as SMS count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def about(city: City, ticket: Ticket, kind: str) -> str:
    """The message of ``kind`` about a ticket, as long as one SMS (or as the settings allow); title and address give way.

    An address is whole or not there, and goes before the title is cut to less than a few words; one that bears the
    ticket's number may say it alone.
    """
    settings, template = city.settings.notices, KINDS[kind]
    unit = city.reference().unit.get(ticket.unit)
    known = {
        "urgent": "即办 " if ticket.urgency is Urgency.IMMEDIATE else "",
        "number": ticket.number,
        "due": f"{_answer(city, ticket).astimezone(city.zone):%m-%d %H:%M}",
        "settle": f"{_settle(city, ticket).astimezone(city.zone):%m-%d %H:%M}" if "{settle}" in template.words else "",
        "unit": unit.name if unit else ticket.unit,
        "link": _link(city, ticket),
    }
    title = _one_line(anonymous(ticket.title) if template.to_leader else ticket.title)
    words = settings.signature + template.words
    longest = most(city, kind)
    for less in (known, {**known, "number": ""}, {**known, "link": ""}):  # an address that ends in the number says it
        known = less
        room = longest - units(words.format(**known, title="").rstrip())
        if room >= min(SHORTEST_TITLE, units(title)) and ticket.number in known["number"] + known["link"]:
            break
    shown = cut(title, min(max(room, 1), LONGEST_TITLE))
    return cut(words.format(**known, title=shown).rstrip(), longest)


def most(city: City, kind: str) -> int:
    """How many UTF-16 code units a message of ``kind`` may have."""
    parts = max(KINDS[kind].parts, city.settings.notices.sms_parts)
    return ONE_PART if parts == 1 else OF_SEVERAL * parts


def _settle(city: City, ticket: Ticket) -> datetime:
    """要求办结时间 as the ticket's events say."""
    promise = city.store.tickets.promise(ticket.number)
    return promise[0] if promise else ticket.completion_due


def _answer(city: City, ticket: Ticket) -> datetime:
    """应答时限 as the ticket's events say."""
    return city.store.tickets.answer_due(ticket.number) or ticket.reply_due


def said(city: City, text: str, kind: str) -> str:
    """A text of our own with the city's signature, cut to what a message of ``kind`` may have."""
    return cut(city.settings.notices.signature + text, most(city, kind))


def cut(text: str, room: int) -> str:
    """``text`` in at most ``room`` UTF-16 code units, an ellipsis for what is missing."""
    if units(text) <= room:
        return text
    kept: list[str] = []
    left = room - 1
    for letter in text:
        left -= units(letter)
        if left < 0:
            break
        kept.append(letter)
    return "".join(kept) + "…"


# A day with or without a time, and a ticket's number, as the program writes them.
REACHES_NOBODY = r"(?<!\d)(?:19|20)\d\d(?:-[01]\d-[0-3]\d(?: [0-2]\d:[0-5]\d)?|[01]\d[0-3]\d-\d{4})(?!\d)"
_NUMBER = re.compile(rf"{REACHES_NOBODY}|(?P<long>\d[\d*xX -]{{4,40}}[\d*])")
GONE = "〔略〕"


class _Narrow(dict[int, str]):
    """Signs of full width and the like as plain ones, each at its place."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKC", chr(code))
        self[code] = plain if len(plain) == 1 else chr(code)
        return self[code]


_NARROW = _Narrow()


def anonymous(text: str) -> str:
    """Without what a citizen can be reached by: contact details as the classifier finds them, and any long number."""
    plain = text.translate(_NARROW)
    gone = [m.span() for c in contacts(plain) for m in re.finditer(re.escape(c.text), plain, flags=re.IGNORECASE)]
    gone += [m.span() for m in _NUMBER.finditer(plain) if m["long"] and sum(c.isdigit() for c in m[0]) >= 7]
    kept, last = "", 0
    for start, end in sorted(gone):
        if end > last:
            kept, last = kept + text[last : max(start, last)] + (GONE if start >= last else ""), end
    return kept + text[last:]


def _link(city: City, ticket: Ticket) -> str:
    """The city's own short link, else the thread's address where it is short enough."""
    short = city.settings.notices.link
    post = city.store.threads.post(ticket.board, ticket.thread)
    link = short.replace("{number}", ticket.number) if short else post.url if post else ""
    return link if units(link) <= LONGEST_LINK else ""


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
