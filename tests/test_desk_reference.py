"""The administrator's pages of the reference tables: the same validation as the files, and nothing lost on the way back."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from data import editing
from data.city import City
from data.exporting import export
from data.problem import Problem
from data.records import AuditEntry
from data.reference import ENTRIES, FILES, SHIPPED, Reference, load
from desk import registry
from desk.cli import cli
from desk.web import fields
from tests.desk_city import NOW, Clock, desk, login, make, staff, token

LAMPS = "/reference/units/entry?key=lamps"


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = make(tmp_path / "city", queue=False)
    staff(city)
    shutil.copytree(SHIPPED, city.folder / "reference", ignore=shutil.ignore_patterns("*.txt", "*.jsonl"))
    with city.store.transaction():
        registry.settled(city)
    return city


@pytest.fixture
def app(city: City) -> Flask:
    return desk(city, Clock())


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    return login(app, "admin")


class Form(HTMLParser):
    """What a browser would send of the first form that has a ``seen`` in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self.done, self.choice, self.text = False, "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name = has.get("name") or ""
        if self.done:
            return
        if tag == "input" and (has.get("type") != "checkbox" or "checked" in has):
            self.sent.add(name, has.get("value") or "")
        elif tag == "select":
            self.choice = name
        elif tag == "option" and "selected" in has:
            self.sent.add(self.choice, has.get("value") or "")
        elif tag == "textarea":
            self.text = name
            self.sent[name] = ""

    def handle_data(self, data: str) -> None:
        if self.text and not self.done:
            self.sent[self.text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.text = ""
        if tag == "form" and "seen" in self.sent:
            self.done = True


def form_of(client: FlaskClient, address: str) -> MultiDict[str, str]:
    html = client.get(address).text
    return Form(html[html.index("<main") :]).sent


def audit_of(city: City) -> AuditEntry:
    return city.store.people.audit()[0]


@pytest.mark.parametrize("table", fields.TITLES)
def test_every_entry_comes_back_from_its_form_as_it_was(table: str) -> None:
    tables = load()
    for entry in getattr(tables, table):
        assert editing.parse(table, fields.row(table, fields.filled(table, entry), entry)) == entry


@pytest.mark.parametrize("table", fields.TITLES)
def test_a_form_has_a_field_for_every_column(table: str) -> None:
    assert {f.name for f in fields.FIELDS[table]} == set(ENTRIES[table].model_fields)


def test_files_to_store_to_files_loses_nothing(city: City, tmp_path: Path) -> None:
    folder = city.folder / "reference"
    before = {f: (folder / f).read_bytes() for f in FILES.values()}
    assert export(city.reference(), folder) == ()
    assert {f: (folder / f).read_bytes() for f in FILES.values()} == before

    assert set(export(city.reference(), tmp_path / "elsewhere")) == set(FILES.values())
    assert load(tmp_path / "elsewhere") == city.reference() == load(folder)


def test_a_change_is_in_force_at_once_and_goes_back_to_its_file_only(admin: FlaskClient, city: City) -> None:
    folder = city.folder / "reference"
    before = {f: (folder / f).read_bytes() for f in FILES.values()}
    sent = form_of(admin, LAMPS)
    sent["officer"], sent["duties"] = '李，四"光', sent["duties"] + "\n路灯不亮|灯杆"
    answer = admin.post(LAMPS, data=sent, follow_redirects=True)
    assert "已保存 lamps" in answer.text
    lamps = city.reference().unit["lamps"]
    assert lamps.officer == '李，四"光'
    assert lamps.duties[-2:] == ("路灯不亮", "灯杆")
    assert "有 1 处改动还没有写回" in admin.get("/reference").text

    csrf = token(admin, "/password")
    assert FILES["units"] in admin.post("/reference/export", data={"csrf_token": csrf}, follow_redirects=True).text
    assert load(folder) == city.reference()
    changed = {f for f in before if (folder / f).read_bytes() != before[f]}
    assert changed == {FILES["units"]}
    assert (folder / f"{FILES['units']}.bak").read_bytes() == before[FILES["units"]]
    assert "文件一致" in admin.get("/reference").text


def test_a_replaced_toml_file_keeps_the_comment_it_opens_with(city: City) -> None:
    path = city.folder / "reference" / FILES["rules"]
    path.write_text("# 本市的规则，\n# 由李主任核定。\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    tables = city.reference()
    registry.move(city, "rules", tables.rules[1].name, editing.digest(tables.rules[1]), -1, "admin", NOW)
    assert registry.export_files(city, "admin", NOW) == (FILES["rules"],)
    assert path.read_text(encoding="utf-8").startswith("# 本市的规则，\n# 由李主任核定。\n\n")
    assert load(path.parent).rules[0] == tables.rules[1]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("name", "", r'id="name-wrong">没有填写；请补上<'),
        ("phone", "请问门卫", r'id="phone-wrong">.*不是电话号码'),
        ("reply_hours", "四", r'id="reply_hours-wrong">应当是数字'),
        ("valid_to", "2011-13-01", r'id="valid_to-wrong">应当是 2019'),
        ("successor", "urban-management", r'role="alert">.*lamps 写了 successor 却没有 valid_to'),
        ("categories", "no-such", r'role="alert">.*no-such'),
    ],
)
def test_what_will_not_do_is_said_at_its_column_and_nothing_is_kept(
    admin: FlaskClient, city: City, column: str, value: str, says: str
) -> None:
    before = city.reference()
    sent = form_of(admin, LAMPS)
    sent["officer"] = "王五，刚输入的"
    sent[column] = value
    answer = admin.post(LAMPS, data=sent)
    assert answer.status_code == 400
    assert re.search(says, answer.text), re.findall(r'(?:alert|-wrong)">.*', answer.text)
    assert "王五，刚输入的" in answer.text  # what was typed stays
    assert city.reference() == before


def test_whoever_saw_an_older_version_is_shown_the_newer_one_and_overwrites_nothing(
    app: Flask, admin: FlaskClient, city: City
) -> None:
    sent = form_of(admin, LAMPS)
    first, second = sent.copy(), sent.copy()
    first["officer"], second["officer"] = "先保存的", "后保存的"
    assert admin.post(LAMPS, data=first).status_code == 302
    answer = admin.post(LAMPS, data=second)
    assert (answer.status_code, "刚刚被别人改过" in answer.text, "先保存的" in answer.text) == (409, True, True)
    assert city.reference().unit["lamps"].officer == "先保存的"
    again = Form(answer.text[answer.text.index("<main") :]).sent
    again["officer"] = "核对后改的"
    assert admin.post(LAMPS, data=again).status_code == 302
    assert city.reference().unit["lamps"].officer == "核对后改的"


@pytest.mark.parametrize("table", ENTRIES)
def test_a_new_entry_has_every_field_and_nothing_to_remove(admin: FlaskClient, table: str) -> None:
    page = admin.get(f"/reference/{table}/new").text
    wanted = {f.name for f in fields.FIELDS[table]}
    assert wanted <= set(re.findall(r'name="([a-z_]+)"', page))
    assert "删去" not in page


def test_a_new_entry_is_refused_where_its_name_is_taken(admin: FlaskClient, city: City) -> None:
    sent = {"csrf_token": token(admin, "/password"), "name": "新局", "sort": "bureau"}
    assert "已经有“lamps”" in admin.post("/reference/units/new", data={**sent, "slug": "lamps"}).text
    assert admin.post("/reference/units/new", data={**sent, "slug": "new-bureau"}).status_code == 302
    assert city.reference().unit["new-bureau"].name == "新局"
    assert replace(audit_of(city), id=0) == AuditEntry(
        NOW, "admin", "添加参考表", "units/new-bureau", "slug：无 → new-bureau；name：无 → 新局；sort：无 → bureau"
    )


def test_what_a_ticket_names_is_not_removed_and_what_nothing_names_is(admin: FlaskClient, city: City) -> None:
    csrf = token(admin, "/password")

    def remove(unit: str) -> str:
        seen = editing.digest(city.reference().unit[unit])
        data = {"csrf_token": csrf, "key": unit, "seen": seen}
        return admin.post("/reference/units/remove", data=data, follow_redirects=True).text

    assert "water-group" in remove("water-group")
    assert "water-group" in city.reference().unit
    admin.post("/reference/units/new", data={"csrf_token": csrf, "name": "新局", "sort": "bureau", "slug": "nobody"})
    assert "已删去 nobody" in remove("nobody")
    assert "nobody" not in city.reference().unit


def test_an_address_that_lets_its_holder_send_is_not_written_into_the_audit(admin: FlaskClient, city: City) -> None:
    sent = form_of(admin, LAMPS)
    sent["notices"] = "wecombot://a-secret-key"
    admin.post(LAMPS, data=sent)
    assert (audit_of(city).subject, audit_of(city).detail) == ("units/lamps", "notices：已更改")


def test_the_first_rule_that_fits_decides_so_rules_can_be_moved(admin: FlaskClient, city: City) -> None:
    first, second = city.reference().rules[:2]
    data = {"csrf_token": token(admin, "/password"), "key": second.name, "seen": editing.digest(second), "step": "up"}
    admin.post("/reference/rules/move", data=data)
    assert city.reference().rules[:2] == (second, first)


def test_the_tables_can_be_taken_away_and_loaded_again(admin: FlaskClient, city: City, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(admin.get("/reference/files.zip").data)) as archive:
        archive.extractall(tmp_path)
    assert load(tmp_path / "reference") == city.reference()


def test_a_search_finds_by_any_column(admin: FlaskClient) -> None:
    page = admin.get("/reference/units?words=路灯").text
    assert "key=lamps" in page
    assert "key=water-group" not in page
    assert "没有找到" in admin.get("/reference/units?words=不存在的字").text


def test_a_long_table_comes_a_hundred_at_a_time(admin: FlaskClient) -> None:
    first = admin.get("/reference/places").text
    assert first.count('scope="row"') == 100
    assert admin.get("/reference/places?from=100").text.count('scope="row"') == 100
    assert "from=100" in first
    assert len(first.encode()) < 300_000


def test_a_reload_does_not_lose_what_was_changed_on_the_pages(city: City) -> None:
    tables: Reference = city.reference()
    lamps = tables.unit["lamps"]
    changed = lamps.model_copy(update={"officer": "页面上改的"})
    registry.change(city, "units", "lamps", editing.digest(lamps), changed, "admin", NOW)
    run = CliRunner().invoke

    with pytest.raises(Problem, match="1 处改动还没有写回文件"):
        run(cli, ["init", str(city.folder), "--reload"], catch_exceptions=False)
    assert city.reference().unit["lamps"].officer == "页面上改的"

    assert FILES["units"] in run(cli, ["init", str(city.folder), "--export"]).output
    assert run(cli, ["init", str(city.folder), "--reload"]).exit_code == 0
    assert city.reference().unit["lamps"].officer == "页面上改的"
