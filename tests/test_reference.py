"""The shipped tables hold, every mistake in a table is told in words a clerk can act on, and dump gives back what load took."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from data.records import AccountRole, Kind, Urgency
from data.reference import FILES, SHIPPED, Account, Reference, ReferenceError, Unit, dump, load

BEFORE_REFORM = date(2011, 7, 25)
AFTER_REFORM = date(2020, 1, 1)
FIRST_LEVEL = {
    "urban": "城乡建设",
    "labour": "劳动和社会保障",
    "education": "教育文体",
    "commerce": "商贸旅游",
    "environment": "环境保护",
    "health": "卫生计生",
    "transport": "交通运输",
    "party": "党务政务",
    "rural": "农村农业",
    "land": "国土资源",
    "justice": "政法",
    "civil": "民政",
    "tech": "科技与信息产业",
    "discipline": "纪检监察",
    "economy": "经济管理",
}


@pytest.fixture(scope="module")
def luoyang() -> Reference:
    return load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city's own copy of the shipped tables, to be spoilt."""
    for file in FILES.values():
        shutil.copy(SHIPPED / file, tmp_path / file)
    return tmp_path


# The shipped tables


def test_the_city_has_its_linked_units_and_twenty_emergency_teams(luoyang: Reference) -> None:
    units = luoyang.units_on(BEFORE_REFORM)
    assert len(units) >= 67
    teams = [u for u in units if u.emergency]
    assert len(teams) == 20
    assert all(u.duty_phone for u in teams)


def test_the_first_level_has_the_fifteen_fixed_categories(luoyang: Reference) -> None:
    assert {c.slug: c.name for c in luoyang.categories if c.parent is None} == FIRST_LEVEL


def test_every_first_level_category_has_an_other_and_several_children(luoyang: Reference) -> None:
    children = Counter(c.parent for c in luoyang.categories if c.parent)
    assert all(f"{first}/other" in luoyang.category and children[first] >= 4 for first in FIRST_LEVEL)


def test_every_category_has_words_to_know_it_by(luoyang: Reference) -> None:
    assert [c.slug for c in luoyang.categories if len(c.words) < 6] == []


@pytest.mark.parametrize("day", [BEFORE_REFORM, date(2016, 5, 1), AFTER_REFORM])
def test_every_category_has_a_unit_that_answers_before_and_after_the_reform(luoyang: Reference, day: date) -> None:
    answered = {c for u in luoyang.units_on(day) for c in u.categories}
    assert {c.slug for c in luoyang.categories if c.parent} - answered == set()


def test_every_unit_answers_for_something_or_is_a_county_or_party_unit(luoyang: Reference) -> None:
    assert [u.slug for u in luoyang.units if not u.categories and u.sort not in ("county", "party")] == []


def test_every_unit_can_be_reached_at_its_own_example_number(luoyang: Reference) -> None:
    phones = Counter(u.phone for u in luoyang.units)
    assert max(phones.values()) == 1
    assert all(re.fullmatch(r"1390000\d{4}", phone) for phone in phones), "only numbers that are clearly examples"
    assert all(re.fullmatch(r"(0379-0000\d{3})?", u.duty_phone) for u in luoyang.units)


def test_every_district_is_answered_for_by_its_own_government(luoyang: Reference) -> None:
    assert len(luoyang.districts) == 17
    for district in luoyang.districts:
        assert luoyang.unit[district.unit].jurisdiction == (district.slug,)


def test_every_unit_of_2011_has_an_account_on_every_board(luoyang: Reference) -> None:
    held = {(a.board, a.unit) for a in luoyang.accounts if a.valid_to is None or a.valid_to >= BEFORE_REFORM}
    missing = {(b, u.slug) for b in luoyang.board for u in luoyang.units_on(BEFORE_REFORM)} - held
    assert missing == set()


def test_no_account_outlives_its_unit(luoyang: Reference) -> None:
    for account in luoyang.accounts:
        end = luoyang.unit[account.unit].valid_to
        assert end is None or (account.valid_to is not None and account.valid_to <= end), account


@pytest.mark.parametrize("board", ["lyw", "lyxxg", "dahe"])
def test_the_well_known_accounts_speak_for_whom_they_are_known(luoyang: Reference, board: str) -> None:
    who = {a.account: (a.role, a.unit) for a in luoyang.accounts if a.board == board}
    assert who["lyic"] == ("office", "liaison-office")
    assert who["mjic"] == ("county", "gov-mengjin")
    assert who["偃师市政府"] == ("county", "gov-yanshi")


def test_there_are_places_in_every_district_and_no_name_stands_for_two(luoyang: Reference) -> None:
    assert len(luoyang.places) >= 250
    assert {p.district for p in luoyang.places} == set(luoyang.district)
    names = Counter(n for p in luoyang.places for n in {p.name, *p.aliases})
    assert [n for n, count in names.items() if count > 1] == []


def test_emergencies_come_before_all_other_rules_and_name_the_number_to_ring(luoyang: Reference) -> None:
    order = [r.urgency for r in luoyang.rules]
    emergencies = order.count(Urgency.EMERGENCY)
    assert emergencies >= 3
    assert order[:emergencies] == [Urgency.EMERGENCY] * emergencies
    assert {r.ring for r in luoyang.rules if r.urgency is Urgency.EMERGENCY} >= {"110", "119", "120"}
    assert all(r.words for r in luoyang.rules if r.urgency is Urgency.EMERGENCY)


def test_every_kind_of_request_has_a_rule_and_only_working_days_have_days(luoyang: Reference) -> None:
    general = [r for r in luoyang.rules if not r.categories and not r.words]
    assert {k for r in general for k in r.kinds} == set(Kind)
    assert general[-1] == luoyang.rules[-1]
    assert not general[-1].kinds, "the last rule must take whatever is left"
    assert all((r.days > 0) == (r.urgency is Urgency.DAYS) for r in luoyang.rules)


# Reorganisations


def test_a_unit_answers_itself_until_the_last_day_it_exists(luoyang: Reference) -> None:
    assert luoyang.current("environment-bureau", date(2018, 12, 31)).slug == "environment-bureau"
    assert luoyang.current("environment-bureau", date(2019, 1, 1)).slug == "ecology-environment"


def test_a_unit_renamed_twice_is_followed_to_the_one_of_the_day(luoyang: Reference) -> None:
    assert luoyang.current("health-bureau", date(2016, 1, 1)).slug == "health-family-planning"
    assert luoyang.current("health-bureau", AFTER_REFORM).slug == "health-commission"


def test_units_merged_into_one_lead_to_it(luoyang: Reference) -> None:
    merged = {
        luoyang.current(u, AFTER_REFORM).slug for u in ("industry-commerce", "quality-bureau", "food-drug-bureau")
    }
    assert merged == {"market-supervision"}


def test_a_successor_does_not_exist_before_and_its_forerunner_not_after(luoyang: Reference) -> None:
    before = {u.slug for u in luoyang.units_on(BEFORE_REFORM)}
    after = {u.slug for u in luoyang.units_on(AFTER_REFORM)}
    for unit in luoyang.units:
        if unit.successor:
            assert unit.slug not in after
            assert luoyang.current(unit.slug, AFTER_REFORM).slug in after
        if unit.valid_from:
            assert unit.slug not in before


def test_lineage_holds_parents_and_successors_but_no_children_and_no_forerunners(luoyang: Reference) -> None:
    assert luoyang.lineage("lamps") == {"lamps", "urban-management"}
    assert luoyang.lineage("health-bureau") == {"health-bureau", "health-family-planning", "health-commission"}
    assert luoyang.lineage("health-commission") == {"health-commission"}


# Writing back


def test_what_was_dumped_loads_as_it_was(luoyang: Reference, tmp_path: Path) -> None:
    dump(luoyang, tmp_path / "city" / "reference")
    assert load(tmp_path / "city" / "reference") == luoyang


def test_dates_hours_commas_and_quotes_survive_the_round_trip(luoyang: Reference, tmp_path: Path) -> None:
    odd = Unit(
        slug="odd",
        name='一,个"怪"单位',
        sort="other",
        duties=("a,b", '"引号"', "=1+1"),
        emergency=True,
        reply_hours=1.5,
        valid_from=date(2011, 1, 2),
        notices=("json://127.0.0.1/x?y=1",),
    )
    account = Account(board="lyw", account="a,\"b'", role=AccountRole.UNIT, unit="odd", valid_to=date(2012, 2, 29))
    city = luoyang.model_copy(update={"units": (*luoyang.units, odd), "accounts": (*luoyang.accounts, account)})
    dump(city, tmp_path)
    again = load(tmp_path)
    assert again.units[-1] == odd
    assert again.accounts[-1] == account


def test_a_spreadsheet_is_told_that_the_csv_is_utf8(luoyang: Reference, tmp_path: Path) -> None:
    dump(luoyang, tmp_path)
    assert (tmp_path / "units.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert tomllib.loads((tmp_path / "rules.toml").read_text(encoding="utf-8"))["rules"]


def test_a_table_without_the_mark_reads_the_same(luoyang: Reference, folder: Path) -> None:
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text(encoding="utf-8-sig"), encoding="utf-8")
    assert load(folder) == luoyang


# Mistakes: each is named by file and entry, with what to do about it


def _edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8-sig")
        assert old in text, f"{old!r} no longer stands in {file}"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def _append(file: str, line: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as table:
            table.write(line + "\n")

    return spoil


def _as_gbk(folder: Path) -> None:
    path = folder / "units.csv"
    path.write_bytes(path.read_text(encoding="utf-8-sig").encode("gb18030"))


def _as_folder(folder: Path) -> None:
    (folder / "places.csv").unlink()
    (folder / "places.csv").mkdir()


MISTAKES: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    # what is wrong: (how, file, what of the entry must be named, the mend)
    "missing file": (lambda f: (f / "places.csv").unlink(), "places.csv", "没有这个文件", "复制一份"),
    "a folder in place of a file": (_as_folder, "places.csv", "打不开", "请检查"),
    "missing column": (_edit("units.csv", "name,", ""), "units.csv", "name", "请补上"),
    "unknown column": (_edit("units.csv", "duties", "dutys"), "units.csv", "dutys", "请改成"),
    "doubled column": (_edit("places.csv", "aliases", "name"), "places.csv", "表头", "只保留一个"),
    "missing value": (_append("places.csv", ",road,jianxi,"), "places.csv", "name", "请补上"),
    "too many cells": (_append("places.csv", "某路,road,jianxi,,,"), "places.csv", "行", "请检查"),
    "unclosed quote": (_append("places.csv", '"某路,road,jianxi,'), "places.csv", "行", "请检查引号"),
    "dangling district": (_append("places.csv", "某路,road,nowhere,"), "places.csv", "某路.*nowhere", "请改正"),
    "dangling unit": (
        _append("accounts.csv", "lyw,某账号,unit,no-unit,,"),
        "accounts.csv",
        "某账号.*no-unit",
        "请改正",
    ),
    "dangling board": (
        _append("accounts.csv", "tianya,某账号,unit,lamps,,"),
        "accounts.csv",
        "某账号.*tianya",
        "请改正",
    ),
    "dangling parent category": (
        _append("categories.csv", "nothing/x,某类,"),
        "categories.csv",
        "nothing/x.*nothing",
        "添加",
    ),
    "dangling category of a rule": (
        _edit("rules.toml", '"urban/lamps"', '"urban/lampz"'),
        "rules.toml",
        "路灯.*urban/lampz",
        "请改正",
    ),
    "doubled slug": (_append("categories.csv", "urban/lamps,路灯,"), "categories.csv", "urban/lamps", "只保留一条"),
    "doubled account": (_append("accounts.csv", "lyw,lyic,unit,lamps,,"), "accounts.csv", "lyic", "只保留一条"),
    "bad slug": (
        _append("categories.csv", "Urban Lamps,路灯,"),
        "categories.csv",
        "行 的 slug.*Urban Lamps",
        "小写字母",
    ),
    "bad choice": (_append("places.csv", "某路,path,jianxi,"), "places.csv", "sort.*path", "只能是"),
    "bad date": (_append("accounts.csv", "lyw,某账号,unit,lamps,去年,"), "accounts.csv", "valid_from.*去年", "请改正"),
    "dates the wrong way round": (
        _append("accounts.csv", "lyw,某账号,unit,lamps,2011-02-01,2011-01-01"),
        "accounts.csv",
        "某账号",
        "请改正日期",
    ),
    "bad encoding": (_as_gbk, "units.csv", "不是 UTF-8", "另存为"),
    "broken TOML": (_edit("rules.toml", "[[rules]]", "[[rules"), "rules.toml", "TOML", "请按其中的行号改正"),
    "misspelt TOML table": (_edit("boards.toml", "[[boards]]", "[[board]]"), "boards.toml", "board", r"\[\[boards\]\]"),
    "unknown TOML field": (_edit("boards.toml", "engine =", "motor ="), "boards.toml", "第 1 条 people", "请"),
    "days out of range": (_edit("rules.toml", "days = 2", "days = 9999"), "rules.toml", "路灯.*days", "不能大于 365"),
    "a kind nobody knows": (_edit("rules.toml", '"求助"', '"请求"'), "rules.toml", "请求", "只能是"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_entry_and_mend_in_chinese(folder: Path, mistake: str) -> None:
    spoil, file, entry, mend = MISTAKES[mistake]
    spoil(folder)
    with pytest.raises(ReferenceError) as caught:
        load(folder)
    told = str(caught.value)
    assert file in told
    assert re.search(entry, told), told
    assert re.search(mend, told), told


def test_a_successor_that_leads_back_is_refused_before_anything_runs_in_circles(luoyang: Reference) -> None:
    a = Unit(slug="a", name="甲", sort="other", valid_to=date(2011, 1, 1), successor="b")
    b = Unit(slug="b", name="乙", sort="other", valid_to=date(2011, 1, 1), successor="a")
    city = luoyang.model_copy(update={"units": (*luoyang.units, a, b)})
    with pytest.raises(ReferenceError, match=r"units\.csv: a 的 successor 转了一圈"):
        city.check()


def test_a_successor_without_the_day_of_the_reform_is_refused(luoyang: Reference) -> None:
    city = luoyang.model_copy(
        update={"units": (*luoyang.units, Unit(slug="a", name="甲", sort="other", successor="lamps"))}
    )
    with pytest.raises(ReferenceError, match="a 写了 successor 却没有 valid_to"):
        city.check()


def test_an_account_may_pass_to_another_unit_when_the_days_do_not_overlap(luoyang: Reference) -> None:
    old = Account(board="lyw", account="轮换", role=AccountRole.UNIT, unit="lamps", valid_to=date(2011, 1, 1))
    new = Account(board="lyw", account="轮换", role=AccountRole.UNIT, unit="sanitation", valid_from=date(2011, 1, 2))
    luoyang.model_copy(update={"accounts": (*luoyang.accounts, old, new)}).check()
    same_day = old.model_copy(update={"valid_to": date(2011, 1, 2)})
    with pytest.raises(ReferenceError, match="轮换 写了两次"):
        luoyang.model_copy(update={"accounts": (*luoyang.accounts, same_day, new)}).check()


def test_a_copy_with_another_table_looks_things_up_in_that_table(luoyang: Reference) -> None:
    assert "new" not in luoyang.unit
    copy = luoyang.model_copy(update={"units": (Unit(slug="new", name="新单位", sort="other"),)})
    assert list(copy.unit) == ["new"]
