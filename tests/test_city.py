"""A city's folder: found, opened, and its mistakes told in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.city import CityError, Settings, find, open_city
from data.reference import Reference
from data.store import StoreError


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "liandong.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_empty_settings_file_means_every_default(tmp_path: Path) -> None:
    city = open_city(write(tmp_path, ""))
    assert city.settings == Settings()
    assert (city.settings.clocks.reply_hours, city.settings.city.zone) == (4, "Asia/Shanghai")
    assert str(city.zone) == "Asia/Shanghai"
    assert city.models == tmp_path / "models"


def test_settings_are_taken_as_written_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    text = '\ufeff[city]\nname = "孟津"\n[office]\nurl = "http://127.0.0.1/"\n[clocks]\nreply_hours = 2\nundo_seconds = 0\n'
    settings = open_city(write(tmp_path, text)).settings
    assert (settings.city.name, settings.office.url, settings.clocks.reply_hours) == ("孟津", "http://127.0.0.1/", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[clocks]\nreply_hour = 4\n", "clocks.reply_hour"),
        ("[clocks]\nreply_hours = 0\n", "clocks.reply_hours"),
        ("[clocks]\nundo_seconds = -1\n", "clocks.undo_seconds"),
        ("[office]\ntimeout = 'soon'\n", "office.timeout"),
        ("[crawl]\ndelay = 61\n", "crawl.delay"),
        ("[desk]\nport = 70000\n", "desk.port"),
        ("[cty]\nname = 'x'\n", "cty"),
        ("[city]\nzone = 'Mars/Olympus'\n", "时区不认识"),
        ("[city]\nzone = '../../etc/passwd'\n", "时区不认识"),
        ("[city]\nzone = 'Asia'\n", "时区不认识"),
        ("[city\n", "写法有误"),
        ("city = 3\n", "city"),
    ],
)
def test_a_mistake_in_the_settings_is_told_where_it_stands(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CityError, match=said) as raised:
        open_city(write(tmp_path, text))
    assert str(tmp_path / "liandong.toml") in str(raised.value)


def test_settings_that_are_not_utf_8_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "liandong.toml").write_bytes('[city]\nname = "洛阳"\n'.encode("gb18030"))
    with pytest.raises(CityError, match="UTF-8"):
        open_city(tmp_path)


def test_a_folder_without_settings_is_told_to_begin(tmp_path: Path) -> None:
    with pytest.raises(CityError, match="liandong init"):
        open_city(tmp_path)
    with pytest.raises(CityError, match="liandong init"):
        find(tmp_path)


def test_settings_that_cannot_be_opened_are_not_blamed_on_the_time_zone(tmp_path: Path) -> None:
    (tmp_path / "liandong.toml").mkdir()
    with pytest.raises(CityError, match="打不开") as raised:
        open_city(tmp_path)
    assert "时区" not in str(raised.value)


def test_the_city_is_the_one_given_else_named_else_the_nearest_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, named, here = (write(tmp_path / name, "") for name in ("given", "named", "here"))
    deep = here / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    monkeypatch.delenv("LIANDONG_DIR", raising=False)
    assert find() == here
    monkeypatch.setenv("LIANDONG_DIR", str(named))
    assert find() == named
    assert find(given) == given
    monkeypatch.setenv("LIANDONG_DIR", "")
    assert find() == here


def test_no_city_anywhere_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIANDONG_DIR", raising=False)
    with pytest.raises(CityError, match="--dir 或 LIANDONG_DIR"):
        find()


def test_a_city_that_has_not_begun_has_no_tables(tmp_path: Path, reference: Reference) -> None:
    city = open_city(write(tmp_path, ""))
    with pytest.raises(CityError, match="liandong init"):
        city.reference()
    with city.store.transaction():
        city.store.reference.save(reference)
    assert city.reference() == reference
    city.store.close()


def test_the_database_is_where_the_settings_say(tmp_path: Path) -> None:
    city = open_city(write(tmp_path, '[city]\ndatabase = "other.db"\n'))
    assert city.store is city.store
    own = city.store_of_its_own()
    assert own is not city.store
    assert (tmp_path / "other.db").exists()
    city.store.close()
    own.close()


def test_a_database_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    city = open_city(write(tmp_path, '[city]\ndatabase = "missing/x.db"\n'))
    with pytest.raises(StoreError, match=r"missing/x\.db"):
        city.store.close()
