"""The administrator's guide: what it says to type can be typed, what can be run here is run, and its settings are settings."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from data.city import Settings
from desk.cli import cli

TEXT = (Path(__file__).parent.parent / "docs" / "admin.zh-CN.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w+(?: run)?)\n(.*?)^```$", TEXT, re.M | re.S)
PASSWORD = "correct-horse-battery\n"


def commands(*kinds: str) -> list[str]:
    """Every ``liandong`` command in fences of these kinds, and in the text's own code."""
    lines = [line for kind, body in FENCES if kind in kinds for line in body.splitlines()]
    found = [
        m[0] for line in lines for m in re.finditer(r"(?<![\w-])liandong (?!liandong )(?:--dir \S+ )?[a-z][^&>]*", line)
    ]
    return [command.strip() for command in found if "--" in command or command.split()[1] in cli.list_commands(CTX)]


CTX = click.Context(cli)
INLINE: list[str] = re.findall(r"`(liandong [^`]+)`", TEXT)
TYPED = [*commands("sh", "sh run", "ini", "cron"), *INLINE]


def test_the_guide_is_found_to_have_commands() -> None:
    assert len(TYPED) > 25
    assert len(commands("sh run")) >= 14


@pytest.mark.parametrize("typed", sorted(set(TYPED)))
def test_every_verb_and_option_exists(typed: str) -> None:
    words = shlex.split(typed)[1:]
    if words[0] == "--dir":
        words = words[2:]
    command = cli.get_command(CTX, words[0])
    assert command is not None, words[0]
    while isinstance(command, click.Group) and len(words) > 1:
        words = words[1:]
        command = command.get_command(CTX, words[0])
        assert command is not None, words[0]
    known = {o for p in command.params for o in p.opts}
    assert {w for w in words if w.startswith("--")} <= known


def test_what_can_be_run_here_works_in_the_order_of_the_guide(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    for typed in commands("sh run"):
        line = (
            typed.replace("/srv/", f"{tmp_path}/")
            .replace("/backup/", f"{tmp_path}/backup/")
            .replace("$(date +%F)", "2026-11-26")
        )
        done = CliRunner().invoke(cli, shlex.split(line)[1:], input=PASSWORD * 2, catch_exceptions=False)
        assert done.exit_code == 0, f"{typed}\n{done.output}"
    assert (tmp_path / "luoyang-restored" / "liandong.db").is_file()


@pytest.mark.parametrize("body", [body for kind, body in FENCES if kind == "toml"])
def test_its_settings_are_settings(body: str) -> None:
    Settings.model_validate(tomllib.loads(body))


def test_the_proxy_is_told_to_pass_on_what_the_desk_believes() -> None:
    from desk.web.serve import FORWARDED

    [nginx] = [body for kind, body in FENCES if kind == "nginx"]
    assert {h.lower() for h in re.findall(r"proxy_set_header (X-\S+)", nginx)} == FORWARDED
    assert "proxy_set_header Host              $http_host;" in nginx
