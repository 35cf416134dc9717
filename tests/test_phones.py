"""The list of emergency telephones: complete, printable, and for the day asked about."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result
from lxml import html

from data.city import City
from data.reference import Reference
from desk import cli
from ticketing import phones

DAY = date(2011, 7, 25)


def call(city: City, *arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["--dir", str(city.folder), "phones", *arguments], catch_exceptions=False)


def test_the_twenty_emergency_units_of_2011_are_listed_with_a_telephone_for_the_night(reference: Reference) -> None:
    found = phones.lines(reference, DAY)
    assert len(found) == 20
    assert all(line.duty_phone and line.officer and line.phone and not line.lacks for line in found)
    assert {u.name for u in reference.units_on(DAY) if u.emergency} == {line.unit for line in found}


def test_units_of_another_year_are_those_of_that_year(reference: Reference) -> None:
    then, now = ({x.unit for x in phones.lines(reference, d)} for d in (DAY, date(2020, 1, 1)))
    assert "市环境保护局" in then - now
    assert "市生态环境局" in now - then


def test_the_numbers_to_ring_stand_above(reference: Reference) -> None:
    assert {"110", "119", "120"} <= {number for number, _ in phones.rings(reference)}


def test_a_unit_without_a_telephone_says_so(reference: Reference) -> None:
    units = tuple(u.model_copy(update={"duty_phone": ""}) if u.slug == "gas-company" else u for u in reference.units)
    [line] = [x for x in phones.lines(reference.model_copy(update={"units": units}), DAY) if x.unit == "新奥燃气"]
    assert line.lacks


def test_the_page_is_one_table_that_loads_nothing(reference: Reference) -> None:
    text = phones.page("洛阳", reference, DAY)
    page = html.fromstring(text)
    assert len(page.xpath("//tbody/tr")) == 20
    assert not page.xpath("//script | //link | //img | //@href | //@src")
    assert "A4" in text
    assert "0379-0000001" in page.xpath("string(//tbody/tr[1])")


def test_names_are_escaped(reference: Reference) -> None:
    units = tuple(u.model_copy(update={"officer": "<b>王&"}) if u.slug == "gas-company" else u for u in reference.units)
    assert "&lt;b&gt;王&amp;" in phones.page("<洛阳>", reference.model_copy(update={"units": units}), DAY)
    assert "<洛阳>" not in phones.page("<洛阳>", reference, DAY)


def test_the_verb_prints_a_table_and_writes_the_page(city: City, tmp_path: Path) -> None:
    done = call(city, "--day", "2011-07-25", "--html", str(tmp_path / "p.html"))
    assert done.exit_code == 0
    assert "0379-0000001" in done.output
    assert "2011-07-25" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_the_verb_answers_programs(city: City) -> None:
    told = json.loads(call(city, "--day", "2011-07-25", "--json").stdout)
    assert len(told["units"]) == 20
    assert told["units"][0]["duty_phone"] == "0379-0000001"
    assert told["ring"]["110"]


def test_a_day_that_is_none_is_a_mistake_of_usage(city: City) -> None:
    assert call(city, "--day", "2011-13-01").exit_code == 2
