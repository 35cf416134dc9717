"""The facts Liandong keeps, as frozen dataclasses that import nothing but the standard library.

Who makes which record, and that nobody else changes it, is the table in docs/architecture.md.
Every time is an aware datetime in UTC; the city's own zone is only for showing and for calendar rules.
A thread is named by its board's slug and the site's own thread id, written ``board/thread``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

_EMPTY = sha256(b"").hexdigest()


class Kind(StrEnum):
    """诉求类型: the six kinds of request; a post that asks for nothing has none."""

    INQUIRY = "咨询"
    HELP = "求助"
    ADVICE = "建议"
    OVERSIGHT = "监督"
    COMPLAINT = "投诉"
    REPORT = "举报"


class Urgency(StrEnum):
    """How soon the matter itself must be dealt with (not the 4 hours, which hold for every ticket)."""

    EMERGENCY = "emergency"  # 警情, fire, medical: a number to ring, never an ordinary filing
    IMMEDIATE = "immediate"  # 即办: water, power, gas, heating, danger to life
    DAYS = "days"  # so many working days


class ThreadState(StrEnum):
    """What the board says of a thread that it still shows."""

    OPEN = "open"
    CLOSED = "closed"  # readable, but nobody can reply any more
    MOVED = "moved"


class ReadOutcome(StrEnum):
    """What came of asking a board for something; only OK, read to the last page, is complete."""

    OK = "ok"
    GONE = "gone"  # deleted, hidden by a moderator or awaiting moderation: the board says it is not there
    LOGIN = "login"  # shown to members only
    CAPTCHA = "captcha"
    FORBIDDEN = "forbidden"  # 403, or the board's own words for it
    ROBOTS = "robots"  # robots.txt asks us not to read it
    UNREACHABLE = "unreachable"  # no answer, a time-out, or 5xx
    UNDECODABLE = "undecodable"
    WRONG_SOFTWARE = "wrong-software"  # another forum software than boards.toml says
    MALFORMED = "malformed"  # the page came, but what must be on it could not be read
    TOO_LARGE = "too-large"


class Action(StrEnum):
    """What a clerk did with a suggestion."""

    ACCEPT = "accept"
    CORRECT = "correct"
    REJECT = "reject"


class OutboxState(StrEnum):
    """Where an outward act stands."""

    WAITING = "waiting"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"  # given up on; a person sees it and can send it again
    UNKNOWN = "unknown"  # 结果不明: attempted, result unknown, never repeated by itself
    CANCELLED = "cancelled"


class VerdictName(StrEnum):
    """Did the unit answer in the citizen's thread in time? See ``ticketing.replies``."""

    PENDING = "pending"
    ON_TIME = "on_time"
    LATE = "late"
    OVERDUE = "overdue"
    UNVERIFIABLE = "unverifiable"
    WITHDRAWN = "withdrawn"


class AccountRole(StrEnum):
    """Whose voice an official account is."""

    UNIT = "unit"
    COUNTY = "county"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Post:
    """A citizen's post: the first floor of a thread."""

    board: str
    thread: str
    section: str
    url: str
    title: str
    author: str | None  # None: anonymous
    posted_at: datetime
    body: str
    images: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()  # links; Discuz! makes new ones at every visit
    state: ThreadState = ThreadState.OPEN
    rating: str | None = None  # the citizen's own rating of the answer, where the board has one (人民网)
    entered_by: str = ""  # 人工: who at the desk entered it, where the board is not read by the program

    @property
    def key(self) -> str:
        return f"{self.board}/{self.thread}"

    @property
    def text(self) -> str:
        """Title and body, as the classifier reads them."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer in a thread. On 人民网 the answering organisation is the author."""

    board: str
    thread: str
    id: str
    floor: int | None
    author: str | None
    posted_at: datetime
    body: str
    edited_at: datetime | None = None
    to: str | None = None  # the post or reply this one comments on (点评)
    entered_by: str = ""  # 人工: who at the desk entered it


@dataclass(frozen=True, slots=True)
class Thread:
    """A post with every reply a complete read found, in the order of the board."""

    post: Post
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What a post (``reply`` empty) or a reply said until a read found it changed."""

    board: str
    thread: str
    reply: str
    title: str
    body: str
    until: datetime
    id: int = 0  # given by the store


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a section's list: enough to know whether the thread changed since it was read."""

    thread: str
    title: str
    author: str | None
    posted_at: datetime | None  # lists often show the day only
    last_post_at: datetime | None
    replies: int | None
    sticky: bool = False
    state: ThreadState = ThreadState.OPEN
    mark: str = ""  # any further text that changes when the thread does (人民网: its state and answer time)

    @property
    def signature(self) -> str:
        """Changes when the thread does, as far as a list can tell."""
        last = self.last_post_at.isoformat() if self.last_post_at else ""
        closed = "|closed" if self.state is ThreadState.CLOSED else ""
        return f"{last}|{'' if self.replies is None else self.replies}|{self.mark}{closed}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page exactly as it was received, and its place in the hash chain."""

    board: str
    thread: str
    url: str
    at: datetime
    status: int
    sha256: str  # of the body as received
    body: bytes
    id: int = 0  # given by the store
    chain: str = ""  # sha256(previous chain + this page's facts), given by the store

    @property
    def erased(self) -> bool:
        """Is only the hash left? Whether a rule did it, the chain says (``data.store.erasures``)."""
        return not self.body and self.sha256 != _EMPTY


@dataclass(frozen=True, slots=True)
class Read:
    """One attempt to read a thread: what was asked, when, and whether the answer was whole."""

    board: str
    thread: str
    at: datetime
    outcome: ReadOutcome
    complete: bool
    status: int | None = None
    pages: int = 0
    detail: str = ""
    snapshots: tuple[int, ...] = ()
    id: int = 0  # given by the store
    entered_by: str = ""  # 人工: who at the desk looked, in the place of the program


@dataclass(frozen=True, slots=True)
class BoardHealth:
    """What one run found on one board; a run that finds nothing where there was something is a failure."""

    board: str
    at: datetime
    pages: int = 0
    rows: int = 0
    threads: int = 0
    replies: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)  # field name -> how often it could not be read
    statuses: Mapping[str, int] = field(default_factory=dict)  # HTTP status -> count
    failures: tuple[str, ...] = ()  # sentences in Chinese: what failed, and what to do about it
    ok: bool = True
    last_complete_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One candidate with its calibrated probability."""

    name: str  # a slug
    p: float


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact detail found in a post: ``kind`` is 手机, 电话, QQ, 微信, 邮箱 or 地址."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A word of the post that spoke for the first choice, and how strongly (share of the positive weight)."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the classifier makes of a post. A suggestion, shown as one; a person decides."""

    board: str
    thread: str
    at: datetime
    model: str  # version of the model
    is_request: bool
    request_p: float
    kind: Kind
    kind_p: float
    category: str  # second-level slug where the model is sure enough, else the first-level one
    categories: tuple[Choice, ...]  # the likeliest first-level categories
    units: tuple[Choice, ...]  # the three likeliest units
    urgency: Urgency
    days: int  # working days; 0 when immediate
    contacts: tuple[Contact, ...] = ()
    place: str | None = None  # the place named in the text
    district: str | None = None  # slug of the district or county it lies in
    reasons: tuple[Reason, ...] = ()
    needs_person: str = ""  # in Chinese, why the machine is not sure; empty when it is
    co_units: tuple[Choice, ...] = ()  # further units the post names or a county's bureau: they should be told, too


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person (or, when switched on, the automatic rule) decided about a post, beside the suggestion."""

    board: str
    thread: str
    at: datetime
    by: str
    action: Action
    automatic: bool = False
    kind: Kind | None = None
    category: str | None = None
    unit: str | None = None
    urgency: Urgency = Urgency.DAYS
    days: int = 0
    contact: str = ""
    reason: str = ""  # of a rejection or correction
    lead: str = ""  # number of the ticket this unit is to assist with (协办); no training sample
    id: int = 0  # given by the store


@dataclass(frozen=True, slots=True)
class Ticket:
    """The facts of a filing, fixed when the office system acknowledged it; every later move is an Event.

    The office's six fields: category 类别, source 来源, contact 联系方式, unit 承办单位,
    filed_at 交办时间, completion_due 要求办结时间.
    """

    number: str
    board: str
    thread: str
    decision: int
    office_id: str  # the office system's own number
    title: str
    kind: Kind
    category: str
    source: str
    contact: str
    unit: str
    urgency: Urgency
    days: int
    posted_at: datetime
    decided_at: datetime
    filed_at: datetime  # when the office system acknowledged the filing
    reply_due: datetime
    completion_due: datetime
    tentative: bool = False  # 暂定: the holiday calendar does not know that year yet
    historical: bool = False  # came in a file with its answer: never filed by us, the clock runs from ``posted_at``
    lead: str = ""  # 协办: number of the lead unit's ticket on the same matter
    origin: str = ""  # number of the returned ticket in whose place this one was filed
    accept_due: datetime | None = None  # 签收时限; None: none was set
    platform: str = ""  # slug of the county whose own platform it was filed to; empty: the city's office system


@dataclass(frozen=True, slots=True)
class Event:
    """One move of a ticket; its state is what its events say."""

    ticket: str
    at: datetime
    move: str  # a key of ticketing.lifecycle.MOVES
    by: str
    note: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)  # what goes with the move: a reason, a new date, a number
    id: int = 0


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One outward act, written down before it is attempted; ``key`` makes repeating it harmless or visible."""

    key: str
    channel: str  # office | notice
    subject: str  # post key or ticket number this act is about
    payload: Mapping[str, Any]
    created_at: datetime
    not_before: datetime
    state: OutboxState = OutboxState.WAITING
    attempts: int = 0
    holder: str = ""
    lease_until: datetime | None = None
    settled_at: datetime | None = None
    error: str = ""
    resent: int = 0  # how often a person had it sent again
    id: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one ticket and the evidence it rests on; a later one stands beside it, never over it."""

    ticket: str
    at: datetime  # when it was reached
    name: VerdictName
    reply: str | None = None  # id of the first meeting reply
    reply_at: datetime | None = None  # the board's own time
    latency: float | None = None  # seconds from filed_at, never below 0
    holding: bool | None = None  # the meeting reply is a holding one (收到, 已转交)
    answered_at: datetime | None = None  # the first substantive reply of the unit
    read: int | None = None  # the read it rests on
    marks: tuple[str, ...] = ()  # before-filing, board-clock-ahead, office-forwarded, other-unit, look-alike
    id: int = 0

    @property
    def evidence(self) -> tuple[Any, ...]:
        """Everything that makes one verdict differ from another; the time it was reached does not."""
        return (self.name, self.reply, self.reply_at, self.holding, self.answered_at, self.marks)


@dataclass(frozen=True, slots=True)
class Bridge:
    """连心桥: a matter that needs more than one answer, reviewed until a person closes it. It keeps no name."""

    ticket: str
    opened_at: datetime
    by: str
    need: str  # what is needed, in the clerk's words
    review_at: datetime  # when somebody must look at it again
    closed_at: datetime | None = None
    closed_by: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class BridgeNote:
    """What was done for it, by whom."""

    bridge: int
    at: datetime
    by: str
    done: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Intake:
    """A day's counts of one source, as the office keeps them: what came in, and what was left of it at each step."""

    day: str  # 2011-07-25, in the city
    source: str  # 电话, 论坛, …
    calls: int  # 来电、来信
    answered: int  # 接听
    valid: int  # 有效
    requests: int  # for the linked units
    done: int  # of those, 办结 so far


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of the cycle: who ran it, what each stage did, whether all of it succeeded."""

    holder: str
    started_at: datetime
    finished_at: datetime | None = None
    ok: bool = False
    stages: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)  # how long each stage took


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should look at now."""

    at: datetime
    kind: str
    subject: str
    text: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """A person at the desk. ``role``: clerk, liaison, leader or admin; a liaison officer belongs to a unit."""

    name: str
    role: str
    password_hash: str
    unit: str | None = None
    display: str = ""
    created_at: datetime | None = None
    active: bool = True  # False: has left; the name stays, so that the audit can be read
    locked: bool = False  # by an administrator; the lock after wrong passwords is ``Tries``
    fresh: bool = False  # the password was given by an administrator, and must be changed before anything else
    reach: str = ""  # where alerts for this person go: a mobile number, or an apprise address


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong passwords given for a name, whether anybody has it or not."""

    name: str
    failures: int
    at: datetime  # of the last one
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who saw or did what at the desk."""

    at: datetime
    who: str
    what: str
    subject: str = ""
    detail: str = ""  # what changed, before and after
    id: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """A system that may file requests here over Open311. Its key is kept as a hash only."""

    name: str
    display: str  # as the clerk sees it: 市联动办
    key_hash: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A request another system filed here (上级交办), with its facts as the sender gave them; it is about the post
    ``board/thread``. The same ``key`` of one client never makes two."""

    id: str  # our service_request_id
    client: str
    key: str
    board: str
    thread: str
    at: datetime
    service: str  # slug of a category
    title: str
    contact: str = ""
    unit: str = ""  # whom the sender thinks in charge
    number: str = ""  # the sender's own number
    due: str = ""  # 要求办结时间, as the sender wrote it
    source: str = ""  # where the sender has it from
    url: str = ""  # the citizen's thread
    address: str = ""
    lat: float | None = None
    long: float | None = None
