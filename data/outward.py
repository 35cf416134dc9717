"""Settings of what leaves the house and comes back: the [office] and [notices] tables of liandong.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=3600)]
Answered = Literal["", "accept", "return", "answer", "close", "force", "note"]  # moves of ticketing.lifecycle; "" none

# What the office systems met so far call their states. A city's own words are added to these, or replace them.
STATUSES: Mapping[str, Answered] = {
    "open": "",
    "new": "",
    "已受理": "",
    "待签收": "",
    "answered": "answer",
    "note": "note",
    "acknowledged": "accept",
    "accepted": "accept",
    "in_progress": "accept",
    "签收": "accept",
    "已签收": "accept",
    "办理中": "accept",
    "returned": "return",
    "退单": "return",
    "已退单": "return",
    "closed": "close",
    "办结": "close",
    "已办结": "close",
}
# GeoReport knows but open and closed; many systems say the rest at the beginning of status_notes.
NOTES: Mapping[str, Answered] = {"退单": "return", "已退单": "return", "签收": "accept", "已签收": "accept"}


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"不是正则表达式：{error}") from None
    return pattern


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(f"不认识编码 {name}；例如 utf-8、gb18030") from None
    return name


Pattern = Annotated[str, AfterValidator(_regular)]
Encoding = Annotated[str, AfterValidator(_encoding)]
# What a filing is made of, for systems that call it by other names; the office's six fields among them.
Ours = Literal[
    "number", "key", "title", "text", "url", "kind", "urgency", "category", "category_code", "source", "contact",
    "unit", "unit_code", "filed_at", "due_at",
]  # fmt: skip


class Table(BaseModel):
    """A table of liandong.toml; a misspelt key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FormTable(Table):
    """A form of an office system that has no interface: what its fields are called and how it says yes.

    ``success``/``number`` are regular expressions on the answer's text (``number``: its first group is the office's
    number); ``success_json`` (``code=0``) and ``number_json`` (``data.id``) read an answer in JSON instead.
    """

    method: Literal["POST", "GET"] = "POST"
    encoding: Encoding = "gb18030"
    content: Literal["form", "json"] = "form"
    headers: Mapping[str, str] = {}
    fields: Mapping[str, Ours] = {}  # their name -> ours
    constants: Mapping[str, str] = {}
    time_format: str = "%Y-%m-%d %H:%M"
    success: Pattern = ""
    success_json: str = ""
    refused: Pattern = ""  # the system plainly says no: not a case of unknown result
    number: Pattern = ""
    number_json: str = ""


class DropTable(Table):
    """Folders an office system is fed from and answers into; relative ones lie in the city's folder."""

    out: str = "office/out"
    back: str = "office/in"
    file: Literal["csv", "xlsx"] = "csv"
    encoding: Encoding = "utf-8-sig"  # of CSV; Excel needs the mark, or gb18030


class OfficeTable(Table):
    """The office system tickets are filed to, and what its words mean here."""

    kind: Literal["open311", "form", "drop", "own"] = "open311"  # own: there is none but Liandong itself
    url: str = ""
    api_key: str = ""
    jurisdiction: str = ""
    timeout: Seconds = 10
    format: Literal["json", "xml"] = "json"
    sync_minutes: float = Field(default=5, ge=0, le=1440)  # how often it is asked what became of tickets; 0: never
    batch: int = Field(default=50, ge=1, le=500)  # tickets in one question; 1: each by requests/ID
    statuses: Mapping[str, Answered] = {}
    notes: Mapping[str, Answered] = {}
    form: FormTable = FormTable()
    drop: DropTable = DropTable()

    @property
    def moves(self) -> Mapping[str, Answered]:
        """Status -> move, the city's own words over the usual ones."""
        return {k.casefold(): v for k, v in {**STATUSES, **self.statuses}.items()}

    @property
    def note_moves(self) -> Mapping[str, Answered]:
        """First word of a note -> move, where the status itself says nothing; longest first."""
        both = {**NOTES, **self.notes}
        return {k: both[k] for k in sorted(both, key=len, reverse=True)}


class NoticesTable(Table):
    """How units and leaders are told. ``sms_url`` takes JSON {to, text, key}; ``sms_template`` is for other gateways.

    In ``sms_template`` (an address) and ``sms_body`` (where set, POSTed as a form) stand {to}, {text} and {key}.
    Units have apprise URLs of their own in the unit table; ``leaders`` are those of the office's leaders.
    """

    sms_url: str = ""
    sms_template: str = ""
    sms_body: str = ""
    sms_encoding: Encoding = "utf-8"
    sms_success: Pattern = r"""^\s*0\b|"?(?:code|status|result)"?\s*[:=]\s*"?0\b"""
    sms_refused: Pattern = ""
    signature: str = Field(default="【洛阳联动】", max_length=20)
    timeout: Seconds = 10
    sms_parts: int = Field(default=1, ge=1, le=3)  # a notice may be this many SMS long; with 2 most addresses fit
    link: str = ""  # a short address instead of the thread's own, with {number}: "https://ld.example/t/{number}"
    leader_phone: str = ""
    leaders: tuple[str, ...] = ()
    digest_hour: int = Field(default=-1, ge=-1, le=23)  # the digests of the day are written from this hour on; -1: none
    quiet_from: time = time(22)  # reminders and digests are held until quiet_to; the notice of filing never
    quiet_to: time = time(7)
