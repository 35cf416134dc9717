"""One city's folder: its settings (``liandong.toml``), its database and its reference tables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator

from data.mends import mends
from data.outward import NoticesTable, OfficeTable, Seconds, Table
from data.problem import Problem
from data.reference import Reference
from data.store import Store, on_server

SETTINGS = "liandong.toml"
SHORTEST_KEPT = 60  # days; verdicts may change for 30


class CityError(Problem):
    """The city's folder cannot be used; the message says why, in Chinese, and what to do."""


class CityTable(Table):
    name: str = "洛阳"
    zone: str = "Asia/Shanghai"
    database: str = "liandong.db"  # a file in the city's folder, or postgresql://user@host:port/name


class CrawlTable(Table):
    """How the boards are read. ``delay`` is what AutoThrottle starts from and never goes below."""

    user_agent: str = "Liandong/0.1 (public service; reads public threads only)"
    days_back: int = Field(default=2, ge=0, le=3650)  # the first crawl walks back this far
    delay: float = Field(default=1.0, ge=0, le=60)
    autothrottle: bool = True
    timeout: Seconds = 20
    minutes: float = Field(default=20, gt=0, le=25)  # for all boards side by side; a run's lease lasts 30
    pages_per_section: int = Field(default=50, ge=1)  # at most, in one cycle
    pages_per_thread: int = Field(default=200, ge=1)
    page_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)


class ClocksTable(Table):
    """Rules for tickets filed from now on: what was promised on those filed before stays as it was.

    With ``duty_only`` the clocks of 应答 and 签收 run only in the duty hours of working days. ``holidays`` and
    ``make_up_days`` are for a year that chinesecalendar does not know yet; a year with a holiday here counts as known.
    """

    reply_hours: float = Field(default=4, gt=0)
    undo_seconds: float = Field(default=10, ge=0)  # a filing waits this long in the outbox, so that it can be undone
    duty_only: bool = False
    duty_from: time = time(8)
    duty_to: time = time(18)
    accept_hours: float = Field(default=1, ge=0)  # 签收时限; 0: none
    accept_urge: bool = False  # 催办 also where nobody has 签收 by then
    urge_minutes: float = Field(default=60, ge=0)  # 催办 so long before the reply is due; 0: none
    urge_days: int = Field(default=1, ge=0)  # and so many working days before 要求办结时间; 0: none
    supervise: bool = True  # 督办 at due
    leader: bool = True  # a copy to the office's leader at twice due
    holidays: tuple[date, ...] = ()
    make_up_days: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.duty_from >= self.duty_to:
            raise ValueError("duty_from 要早于 duty_to")
        return self


class DeskTable(Table):
    address: str = Field(default="", pattern=r"^$|^https?://[^/?#\s]+/?$")  # what the desk is called from outside
    host: str = "127.0.0.1"
    port: int = Field(default=8311, ge=0, le=65535)
    session_minutes: int = Field(default=480, ge=5)
    trusted_proxy: str = (
        ""  # the address an HTTPS proxy asks from: its X-Forwarded-… headers are believed, nobody else's
    )
    metrics_key: str = ""  # what a Prometheus must bring to read /metrics; empty: nobody may


class Open311Table(Table):
    """The desk as a GeoReport service; without keys (``liandong client add``) nobody can file."""

    jurisdiction: str = ""
    contact: str = ""  # shown to whoever wants a key
    per_minute: int = Field(default=600, ge=1)  # requests of one client


class AlarmTable(Table):
    """Who is told, by apprise, when no run has succeeded for so long; ``heartbeat`` is asked for after each good run."""

    after_minutes: float = Field(default=60, gt=0)
    disk_free_mb: float = Field(default=1024, ge=0)  # less than this is nearly full
    urls: tuple[str, ...] = ()
    heartbeat: str = ""
    timeout: Seconds = 10


class AutomaticTable(Table):
    """Filing without a clerk: ``shadow`` only records what would have been done. See ``ticketing.automatic``."""

    mode: Literal["off", "shadow", "on"] = "off"
    precision: float = Field(default=0.95, gt=0.5, lt=1)  # of what is filed so much at least is right …
    confidence: float = Field(default=0.95, gt=0.5, lt=1)  # … held by a lower bound of this confidence
    per_hour: int = Field(default=20, ge=1)
    cancel_minutes: float = Field(default=15, ge=0)  # a clerk may take a filing back for so long
    spot_checks: float = Field(default=0.1, gt=0, le=1)  # this share goes to the clerk all the same, to be judged
    window_days: float = Field(default=90, gt=0)  # decisions older than this prove nothing any more
    fresh_hours: float = Field(default=24, gt=0)  # older posts wait for a person


class WorkersTable(Table):
    """``liandong worker`` on several machines shares reading and sending; needs PostgreSQL.

    ``every_minutes`` says how often each board is read and a cycle is run; 0: there are no workers.
    """

    every_minutes: float = Field(default=0, ge=0, le=1440)
    boards: int = Field(default=4, ge=1, le=64)  # that one worker reads side by side


class BarometerTable(Table):
    """How many false alarms a month the office bears, over everything that is watched."""

    alarms_per_month: float = Field(default=2, gt=0, le=1000)


def _long_enough(days: int) -> int:
    if 0 < days < SHORTEST_KEPT:
        raise ValueError(f"要么是 0（一直保存），要么不少于 {SHORTEST_KEPT} 天：工单的答复要核查一个月")
    return days


KeptDays = Annotated[int, Field(ge=0, le=36500), AfterValidator(_long_enough)]


class RetentionTable(Table):
    """How many days after the last thing that happened to it a thing is erased; 0: it is kept. See ``ticketing.retention``."""

    contacts_days: KeptDays = 0  # 联系方式, and what of them stands in the words of posts and replies
    text_days: KeptDays = 0  # words and authors of posts and replies
    pages_days: KeptDays = 0  # pages as received; what is left of them still bears the chain


def _georeport(table: OfficeTable) -> OfficeTable:
    if table.kind != "open311" or not table.url:
        raise ValueError("县区平台要用 open311，并写明 url")
    return table


class Settings(Table):
    """Everything in liandong.toml. ``platforms``: slug of a county's unit -> the platform it runs itself."""

    city: CityTable = CityTable()
    crawl: CrawlTable = CrawlTable()
    office: OfficeTable = OfficeTable()
    platforms: Mapping[str, Annotated[OfficeTable, AfterValidator(_georeport)]] = {}
    notices: NoticesTable = NoticesTable()
    clocks: ClocksTable = ClocksTable()
    desk: DeskTable = DeskTable()
    open311: Open311Table = Open311Table()
    alarm: AlarmTable = AlarmTable()
    automatic: AutomaticTable = AutomaticTable()
    barometer: BarometerTable = BarometerTable()
    retention: RetentionTable = RetentionTable()
    workers: WorkersTable = WorkersTable()


@dataclass(frozen=True)
class City:
    """A city's folder, opened. The store serves one thread; another thread calls ``store_of_its_own``."""

    folder: Path
    settings: Settings

    @cached_property
    def store(self) -> Store:
        return self.store_of_its_own()

    def store_of_its_own(self) -> Store:
        """Another connection to the same database."""
        database = self.settings.city.database
        return Store(database if on_server(database) else self.folder / database)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.city.zone)

    @property
    def models(self) -> Path:
        """Where the city's own trained models live."""
        return self.folder / "models"

    def reference(self) -> Reference:
        """The tables as they stand in the store; raises CityError before ``liandong init``."""
        reference = self.store.reference.load()
        if reference is None:
            raise CityError(
                f"{self.folder} 的数据库里还没有参考表；新城市请运行 liandong init {self.folder} --reload；用过的，请检查数据库是否还在原处"
            )
        for slug in self.settings.platforms:
            if slug not in reference.unit:
                raise CityError(f"{SETTINGS} 的 [platforms.{slug}]：没有代号为“{slug}”的单位；请核对单位表")
        return reference


def find(given: str | os.PathLike[str] | None = None) -> Path:
    """The city's folder: ``given``, else LIANDONG_DIR, else the nearest folder upwards that holds liandong.toml."""
    named = given or os.environ.get("LIANDONG_DIR")
    if named:
        folder = Path(named)
        if not (folder / SETTINGS).is_file():
            raise CityError(f"{folder} 里没有 {SETTINGS}；请先运行 liandong init {folder}")
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise CityError(f"这里和上级目录都没有 {SETTINGS}；请用 --dir 或 LIANDONG_DIR 指明城市目录，或先运行 liandong init")


def open_city(folder: Path) -> City:
    """Read the settings of the city in ``folder``; raises CityError naming what is wrong in them."""
    path = folder / SETTINGS
    try:
        settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        raise CityError(f"没有 {path}；请先运行 liandong init {folder}") from None
    except OSError as error:
        raise CityError(f"打不开 {path}（{error.strerror}）；请检查路径和权限") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CityError(f"{path} 写法有误（{error}）；请按行号改正，并存为 UTF-8") from None
    except ValidationError as error:
        where, mend = next(mends(error))
        raise CityError(f"{path} 的 {where} {mend}") from None
    try:
        ZoneInfo(settings.city.zone)
    except (KeyError, OSError, ValueError) as error:
        raise CityError(f"{path} 里的时区不认识（{error}）；例如 Asia/Shanghai") from None
    return City(folder, settings)
