"""The command line as scripts and cron use it: what it prints, and the exit code it leaves."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data import reference
from data.city import City, open_city
from data.records import Action, OutboxState
from desk import cli
from tests import build
from ticketing import filing


def liandong(*arguments: str, folder: Path | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command as a process."""
    command = [str(Path(sys.executable).with_name("liandong")), *(["--dir", str(folder)] if folder else []), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=given)


def call(city: City, *arguments: str) -> Result:
    """Run a verb in this process, on ``city``."""
    return CliRunner().invoke(cli.cli, ["--dir", str(city.folder), *arguments], catch_exceptions=False)


def test_every_verb_of_the_contract_is_there_and_explains_itself() -> None:
    verbs = "demo init boards crawl train evaluate classify import run review file check notify report barometer evidence status phones serve user"
    for verb in verbs.split():
        result = CliRunner().invoke(cli.cli, [verb, "--help"])
        assert result.exit_code == 0, verb
        assert "用法" in result.output
        assert not re.search(r"Usage|Options|Commands|Show this", result.output)


def test_help_and_version_load_neither_jieba_nor_scrapy_nor_scikit_learn() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from desk import cli\n"
        "CliRunner().invoke(cli.cli, ['--help']); CliRunner().invoke(cli.cli, ['--version'])\n"
        "print([m for m in ('jieba', 'scrapy', 'sklearn', 'twisted', 'flask', 'scipy', 'bs4') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_init_makes_a_city_whose_tables_are_those_shipped(tmp_path: Path) -> None:
    done = liandong("init", str(tmp_path / "c"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["boards"] == 4
    assert open_city(tmp_path / "c").reference() == reference.load()


def test_init_does_not_overwrite_a_city(tmp_path: Path) -> None:
    liandong("init", str(tmp_path / "c"))
    (tmp_path / "c" / "liandong.toml").write_text("[city]\nname = '别处'\n", encoding="utf-8")
    done = liandong("init", str(tmp_path / "c"))
    assert done.returncode == 1
    assert "--reload" in done.stderr
    assert "别处" in (tmp_path / "c" / "liandong.toml").read_text(encoding="utf-8")


def test_edited_tables_are_taken_in_by_reload_and_bad_ones_are_refused_whole(tmp_path: Path) -> None:
    liandong("init", str(tmp_path / "c"))
    units = tmp_path / "c" / "reference" / "units.csv"
    text = units.read_text(encoding="utf-8-sig")
    units.write_text(text.replace(",市水务集团,", ",洛阳自来水,"), encoding="utf-8")
    assert liandong("init", str(tmp_path / "c"), "--reload").returncode == 0
    units.write_text(text.replace("water-group,", "Water Group,", 1), encoding="utf-8")
    done = liandong("init", str(tmp_path / "c"), "--reload")
    assert done.returncode == 1
    assert "units.csv" in done.stderr
    assert open_city(tmp_path / "c").reference().unit["water-group"].name == "洛阳自来水"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("status",), 1, "liandong init"),
        (("nothing",), 2, "没有 nothing 这个命令"),
        (("boards", "parse", "discuz", "missing.html"), 2, "missing.html"),
        (("evidence", "1"), 1, "liandong init"),
        (("report", "--since", "yesterday"), 2, "'--since' 写得不对：yesterday 不合"),
        (("report", "--since", "2026-11-20", "--until", "2026-11-01"), 2, "--since 要早于 --until"),
        (("file", "--resend", "x"), 2, "x 不是数"),
        (("status", "--nothing"), 2, "没有 --nothing 这个选项"),
        (("backup",), 2, "还要写"),
        (("evaluate", "--samples", "missing.csv"), 2, "missing.csv"),
    ],
)
def test_a_mistake_gets_a_sentence_and_no_traceback(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("liandong")), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "gbk"])
def test_a_terminal_that_is_not_utf_8_gets_sentences_too(encoding: str, city: City) -> None:
    env, shown = {**os.environ, "PYTHONIOENCODING": encoding}, "gbk" if encoding == "gbk" else "utf-8"
    command = [str(Path(sys.executable).with_name("liandong")), "--dir"]
    said = subprocess.run([*command, str(city.folder), "status"], capture_output=True, env=env, check=False)
    assert "等着处理".encode(shown) in said.stdout
    assert said.stderr == b""
    refused = subprocess.run([*command, str(city.folder / "no"), "status"], capture_output=True, env=env, check=False)
    assert refused.returncode == 1
    assert "错误".encode(shown) in refused.stderr
    for_machines = subprocess.run(
        [*command, str(city.folder), "boards", "--json"], capture_output=True, env=env, check=True
    )
    assert json.loads(for_machines.stdout.decode(shown))


def test_settings_that_are_wrong_are_named(tmp_path: Path) -> None:
    liandong("init", str(tmp_path / "c"))
    (tmp_path / "c" / "liandong.toml").write_text("[clocks]\nreply_hours = -1\n", encoding="utf-8")
    done = liandong("status", folder=tmp_path / "c")
    assert done.returncode == 1
    assert "clocks.reply_hours 要大于 0" in done.stderr


def test_a_database_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    liandong("init", str(tmp_path / "c"))
    (tmp_path / "c" / "liandong.db").write_bytes(b"not a database" * 1000)
    done = liandong("status", folder=tmp_path / "c")
    assert done.returncode == 1
    assert "数据库文件坏了" in done.stderr
    assert "liandong restore" in done.stderr


def test_a_database_somebody_writes_to_can_be_read(city: City) -> None:
    with sqlite3.connect(city.folder / "liandong.db", isolation_level=None) as other:
        other.execute("begin immediate")
        assert call(city, "status").exit_code == 0
        other.execute("rollback")


@pytest.mark.in_a_file
def test_a_database_of_a_newer_version_is_left_alone(city: City) -> None:
    with sqlite3.connect(city.folder / "liandong.db") as other:
        other.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('liandong', 'later', '')"
        )
    done = liandong("status", folder=city.folder)
    assert done.returncode == 1
    assert "请升级软件" in done.stderr
    with sqlite3.connect(city.folder / "liandong.db") as other:
        other.execute("delete from _sqlite_migrations where name = 'later'")


@pytest.mark.both_stores
@pytest.mark.parametrize("name", ["r.docx", "r.xlsx", "r.html", "r.txt", "r.csv", "r.json"])
def test_a_report_that_finds_no_room_is_one_sentence_and_no_file(name: str, city: City) -> None:
    # no bytecode is written meanwhile: a half-written file of it would be read by every later test
    limited = "import resource, sys; sys.dont_write_bytecode = True; "
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); from desk.cli import main; "
    code = f"{limited} sys.argv = ['liandong', '--dir', {str(city.folder)!r}, 'report', '--out', {name!r}]; main()"
    city.store.close()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=city.folder, check=False, env=dict(os.environ)
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(city.folder.glob("*r*." + name[2:]))


def test_the_city_is_found_from_the_environment_and_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    liandong("init", str(tmp_path / "c"))
    deep = tmp_path / "c" / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert CliRunner().invoke(cli.cli, ["status"]).exit_code == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANDONG_DIR", str(tmp_path / "c"))
    assert CliRunner().invoke(cli.cli, ["status"]).exit_code == 0


def queued(city: City) -> str:
    """A post in the queue; its key."""
    post = build.post()
    build.save_thread(city)
    with city.store.transaction():
        city.store.decisions.suggest([build.suggestion()])
    return post.key


def test_review_lists_the_queue_and_files_what_is_accepted(city: City) -> None:
    key = queued(city)
    [item] = json.loads(call(city, "review", "--json").output)
    assert item["post"]["thread"] == key.split("/")[1]
    assert call(city, "review", key, "--accept").exit_code == 0
    assert city.store.decisions.of(*key.split("/"))[-1].action is Action.ACCEPT
    assert len(city.store.outbox.entries(OutboxState.WAITING)) == 1


def test_review_corrects_and_rejects(city: City) -> None:
    key = queued(city)
    assert call(city, "review", key, "--unit", "gas-company").exit_code == 0
    decision = city.store.decisions.of(*key.split("/"))[-1]
    assert (decision.action, decision.unit) == (Action.CORRECT, "gas-company")
    with pytest.raises(filing.FilingError, match="已由"):
        call(city, "review", key, "--reject", "重复")


def test_import_puts_calls_into_the_queue_once(city: City, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(
        "编号,来源,时间,内容\n1,电话,2011-07-25 09:00,西工区王城路停电两小时\n2,来信,2011-07-25 10:00,\n",
        encoding="gb18030",
    )
    result = call(city, "import", str(file), "--json")
    assert json.loads(result.output.splitlines()[-1])["added"] == 1
    assert json.loads(call(city, "import", str(file), "--json").output.splitlines()[-1]) == {
        "added": 0,
        "known": 1,
        "problems": ["第 3 行：没有内容"],
        "historical": 0,
    }
    [post] = city.store.threads.unread_by_machine()
    assert (post.section, post.posted_at) == ("电话", build.at("2011-07-25 09:00"))


def test_import_refuses_a_table_without_the_text(city: City, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    done = liandong("import", str(tmp_path / "x.csv"), folder=city.folder)
    assert done.returncode == 1
    assert "找不到" in done.stderr


def test_evidence_exports_the_pages_and_verifies_the_chain(city: City, tmp_path: Path) -> None:
    build.save_thread(city)
    ticket = build.save_ticket(city)
    out = tmp_path / "evidence"
    assert call(city, "evidence", ticket.number, "--out", str(out)).exit_code == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["ticket"]["number"] == ticket.number
    assert all((out / name).is_file() for name in summary["pages"])
    assert summary["pages"]
    head = json.loads(call(city, "evidence", "--verify", "--json").output)["head"]
    assert liandong("evidence", "--verify", "--head", head, folder=city.folder).returncode == 0
    city.store.db.execute("update snapshots set sha256 = 'x' where id = 1")
    assert liandong("evidence", "--verify", folder=city.folder).returncode == 1


def test_report_prints_numerators_and_denominators(city: City) -> None:
    build.save_thread(city)
    build.save_ticket(city)
    assert "0/0" in call(city, "report").output
    assert json.loads(call(city, "report", "--json").output)["overall"]["filed"] == 1


def test_classify_and_train_work_outside_a_city(tmp_path: Path) -> None:
    samples = tmp_path / "s.csv"
    rows = [("停水三天了水管爆裂没有自来水", "供水"), ("公交车总是不来等了一小时公交", "公交")]
    with samples.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows((f"{text}第{i}次", label) for i in range(20) for text, label in rows)
    done = liandong("train", "--samples", str(samples), "--model", str(tmp_path / "m"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(liandong("evaluate", "--samples", str(samples), "--model", str(tmp_path / "m"), "--json").stdout)
    assert found["accuracy"] == 1.0
    assert {"macro_f1", "top2", "top3", "coverage_at_precision", "calibration_error"} <= set(found)


def test_users_are_added_listed_and_removed(city: City) -> None:
    given = "correct horse battery\n" * 2
    assert CliRunner().invoke(cli.cli, ["--dir", str(city.folder), "user", "add", "小王"], input=given).exit_code == 0
    assert json.loads(call(city, "user", "list", "--json").output)[0]["role"] == "clerk"
    assert call(city, "user", "remove", "小王").exit_code == 0
    assert city.store.people.users() == []


def test_status_fails_when_something_was_not_sent(city: City) -> None:
    assert call(city, "status").exit_code == 0
    queued_key = queued(city)
    call(city, "review", queued_key, "--accept")
    entry = city.store.outbox.entries(OutboxState.WAITING)[0]
    with city.store.transaction():
        city.store.outbox.settle(entry.id, OutboxState.FAILED, build.FILED, "不接受")
    result = call(city, "status")
    assert result.exit_code == 1
    assert "不接受" in result.output
