"""The columns of the reference tables as a form shows them: what each is called, how it is filled in, how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from werkzeug.datastructures import MultiDict

from data.records import AccountRole, Kind, Urgency
from data.reference import DAYS, ENTRIES, Entry, Reference
from spiders.engines import ENGINES

Options = Callable[[Reference], Mapping[str, str]]


@dataclass(frozen=True)
class Field:
    """One column. ``widget``: text, day, time, flag, choice, words (one a line), ticks or sections."""

    name: str
    label: str
    widget: str = "text"
    help: str = ""
    options: Options | None = None
    fixed: bool = False  # other records know the entry by it: it cannot be changed later


def _named(table: str) -> Options:
    return lambda tables: {entry.slug: entry.name for entry in getattr(tables, table)}


def _these(options: Mapping[str, str]) -> Options:
    return lambda _: options


SORTS = {
    "bureau": "局委",
    "county": "县区",
    "company": "企业",
    "party": "党群",
    "court": "法检",
    "street": "街道",
    "other": "其他",
}
PLACES = {
    "district": "区",
    "county": "县",
    "street": "街道",
    "town": "乡镇",
    "road": "道路",
    "landmark": "地标",
}
ROLES = {AccountRole.UNIT.value: "承办单位", AccountRole.COUNTY.value: "县区", AccountRole.OFFICE.value: "联动办"}
URGENCIES = {
    Urgency.EMERGENCY.value: "紧急（先打电话）",
    Urgency.IMMEDIATE.value: "即办",
    Urgency.DAYS.value: "按工作日",
}
YES_NO = _these({"": "按全市的规定", "true": "是", "false": "否"})
_SLUG = Field("slug", "代号", help="小写字母、数字、-；类别的二级写成 上级/本级。定了不能再改", fixed=True)
_NAME = Field("name", "名称")
_ALIASES = Field("aliases", "别名", "words", "每行一个")
_FROM, _TO = (
    Field("valid_from", "生效日期", "day", "空着：一直有效"),
    Field("valid_to", "失效日期", "day", "空着：还在用"),
)
_HOURS = Field("reply_hours", "应答时限（小时）", help="空着：按全市的规定")
_DUTY = Field("duty_only", "只在工作时间计时", "choice", options=YES_NO)

FIELDS: Mapping[str, Sequence[Field]] = {
    "boards": (
        _SLUG,
        _NAME,
        Field("engine", "论坛软件", "choice", options=_these({e: e for e in ENGINES})),
        Field("url", "网址", help="以 / 结尾"),
        Field("sections", "版块", "sections", "每行一个：版块编号，空格，名称"),
        Field("enabled", "读取", "flag", "不勾：停用，不再读取"),
        Field("refused", "不许读取的原因", help="网站说过不许机器读取的，写在这里；写了就不读"),
        Field("zone", "时区"),
        Field("encoding", "编码", help="空着：按网页说的"),
        Field("rewritten", "网址是 thread-1-1-1.html 的样子", "flag"),
        _HOURS,
        _DUTY,
        Field("app_code", "人民网接口代码", help="办公室申请到的；没有就空着"),
    ),
    "units": (
        _SLUG,
        _NAME,
        _ALIASES,
        Field("sort", "类型", "choice", options=_these(SORTS)),
        Field("parent", "上级单位", "choice", options=_named("units")),
        Field("emergency", "有 24 小时即办队伍", "flag"),
        Field("duty_phone", "24 小时值班电话"),
        Field("officer", "联络员"),
        Field("phone", "联络员手机", help="交办短信发到这里"),
        Field("notices", "其他通知地址", "words", "企业微信、钉钉、飞书、邮件的 apprise 地址，每行一个"),
        Field("jurisdiction", "只管这些县区", "ticks", "都不勾：管全市", _named("districts")),
        Field("categories", "负责的类别", "words", "类别代号，每行一个"),
        Field("duties", "职责词", "words", "网民需要这个单位时会写的词，每行一个"),
        _HOURS,
        _DUTY,
        _FROM,
        _TO,
        Field("successor", "承接单位", "choice", "撤并以后由谁接着办；要同时写失效日期", _named("units")),
    ),
    "accounts": (
        Field("board", "论坛", "choice", options=_named("boards")),
        Field("account", "账号", help="和论坛上显示的一字不差"),
        Field("role", "身份", "choice", options=_these(ROLES)),
        Field("unit", "单位", "choice", options=_named("units")),
        _FROM,
        _TO,
    ),
    "categories": (_SLUG, _NAME, Field("words", "词语", "words", "网民说这类事时会写的词，每行一个")),
    "districts": (
        _SLUG,
        _NAME,
        _ALIASES,
        Field("sort", "类型", "choice", options=_these({k: PLACES[k] for k in ("district", "county")})),
        Field("unit", "总负责的单位", "choice", options=_named("units")),
    ),
    "places": (
        _NAME,
        Field("sort", "类型", "choice", options=_these(PLACES)),
        Field("district", "所在县区", "choice", options=_named("districts")),
        _ALIASES,
    ),
    "rules": (
        _NAME,
        Field("urgency", "时限", "choice", options=_these(URGENCIES)),
        Field("days", "几个工作日", help="只有“按工作日”要写"),
        Field("ring", "先拨打", help="只有“紧急”要写，如 119"),
        Field("categories", "只对这些类别", "words", "类别代号，每行一个；空着：任何类别"),
        Field("kinds", "只对这些诉求类型", "ticks", "都不勾：任何类型", _these({k.value: k.value for k in Kind})),
        Field("words", "要有其中一个词", "words", "每行一个；空着：不看词"),
        Field("beside", "旁边还要有其中一个词", "words", "每行一个"),
        Field("not_words", "紧挨着这些词就不算", "words", "每行一个"),
        Field("early", "只看标题和开头几句", "flag"),
    ),
    "rota": (
        Field("name", "值班人"),
        Field(
            "days",
            "哪些日子",
            "words",
            f"每行一个：{'、'.join(DAYS)}，或 2026-10-01 这样的日期；写明日期的（换班）代替那天的其他班",
        ),
        Field("start", "从", "time"),
        Field("end", "到", "time", "不晚于开始的，是第二天的"),
        Field("user", "登录用的用户名", help="提醒发到该用户登记的通知方式"),
        Field("reach", "另写通知方式", help="手机号，或企业微信、钉钉、邮件等的 apprise 地址；空着：用该用户登记的"),
        _FROM,
        _TO,
    ),
}
TITLES = {
    "units": "承办单位",
    "accounts": "官方账号",
    "boards": "论坛",
    "categories": "类别",
    "rules": "时限规则",
    "districts": "县区",
    "places": "地名",
    "rota": "值班表",
}
# What a list shows of each entry.
LISTED: Mapping[str, Sequence[str]] = {
    "units": ("name", "sort", "parent", "officer", "phone", "duty_phone", "valid_to", "successor"),
    "accounts": ("account", "board", "role", "unit", "valid_from", "valid_to"),
    "boards": ("name", "engine", "url", "sections", "enabled", "refused"),
    "categories": ("name", "slug", "words"),
    "rules": ("name", "urgency", "days", "ring", "categories", "words"),
    "districts": ("name", "slug", "sort", "unit"),
    "places": ("name", "sort", "district", "aliases"),
    "rota": ("name", "days", "start", "end", "user", "valid_from", "valid_to"),
}
SHOWN = 6  # words of a long list


def row(table: str, form: MultiDict[str, str], fixed: Entry | None = None) -> dict[str, Any]:
    """What the form says, as a row of the file would say it; what cannot change comes from the entry itself."""
    given: dict[str, Any] = {}
    for field in FIELDS[table]:
        value = (
            getattr(fixed, field.name) if fixed and field.fixed else _READ.get(field.widget, _text)(form, field.name)
        )
        if value not in ("", (), []) or ENTRIES[table].model_fields[field.name].is_required():
            given[field.name] = value
    return given


def _text(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").strip()


def _lines(form: MultiDict[str, str], name: str) -> list[str]:
    return [w for line in form.get(name, "").splitlines() if (w := line.strip())]


def _words(form: MultiDict[str, str], name: str) -> list[str]:
    return [w for line in _lines(form, name) for part in line.split("|") if (w := part.strip())]


def _sections(form: MultiDict[str, str], name: str) -> list[dict[str, str]]:
    parts = [line.split(None, 1) for line in _lines(form, name)]
    return [{"id": p[0], "name": p[1] if len(p) > 1 else ""} for p in parts]


_READ: Mapping[str, Callable[[MultiDict[str, str], str], Any]] = {
    "words": _words,
    "ticks": lambda form, name: form.getlist(name),
    "sections": _sections,
    "flag": lambda form, name: name in form,
}


def filled(table: str, entry: Entry) -> MultiDict[str, str]:
    """An entry as its form holds it."""
    form: MultiDict[str, str] = MultiDict()
    for field in FIELDS[table]:
        value = getattr(entry, field.name)
        if field.widget == "ticks":
            form.setlist(field.name, [str(v) for v in value])
        elif field.widget == "flag":
            if value:
                form[field.name] = "true"
        else:
            form[field.name] = _written(field.widget, value)
    return form


def _written(widget: str, value: Any) -> str:
    if widget == "words":
        return "\n".join(value)
    if widget == "sections":
        return "\n".join(f"{s.id} {s.name}" for s in value)
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "" if value is None else str(value)


def cell(table: str, name: str, entry: Entry, tables: Reference) -> str:
    """One column of an entry in a list, in words."""
    field = next(f for f in FIELDS[table] if f.name == name)
    value = getattr(entry, name)
    if field.widget == "flag":
        return "是" if value else "否"
    if field.widget == "sections":
        return _few([s.name for s in value])
    if isinstance(value, tuple):
        return _few([str(v) for v in value])
    text = "" if value is None else f"{value:%H:%M}" if isinstance(value, time) else str(value)
    return field.options(tables).get(text, text) if field.options else text


def heading(table: str, entry: Entry, tables: Reference) -> str:
    """What a page about one entry is headed by; an account's name says little without its board."""
    named = ("account", "board") if table == "accounts" else ("name",)
    return " · ".join(cell(table, name, entry, tables) for name in named)


def _few(words: Sequence[str]) -> str:
    more = f" 等 {len(words)} 个" if len(words) > SHOWN else ""
    return "、".join(words[:SHOWN]) + more
