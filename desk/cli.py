"""The ``liandong`` command: finds the verb, loads only what that verb needs, and turns every failure into a sentence."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from io import TextIOWrapper
from types import FrameType
from typing import NoReturn

import click

from data.problem import Problem
from desk import wording

# Verb -> where it lives. Other packages add theirs through the entry-point group ``liandong.commands``.
VERBS: Mapping[str, str] = {
    "init": "desk.commands.city:init",
    "boards": "desk.commands.boards:boards",
    "crawl": "desk.commands.loop:crawl",
    "train": "desk.commands.model:train",
    "evaluate": "desk.commands.model:evaluate",
    "classify": "desk.commands.model:classify",
    "import": "desk.commands.incoming:import_",
    "run": "desk.commands.loop:run",
    "automatic": "desk.commands.automatic:automatic",
    "review": "desk.commands.review:review",
    "file": "desk.commands.loop:file",
    "check": "desk.commands.loop:check",
    "notify": "desk.commands.loop:notify",
    "search": "desk.commands.search:search",
    "report": "desk.commands.report:report",
    "barometer": "desk.commands.barometer:barometer",
    "evidence": "desk.commands.evidence:evidence",
    "retain": "desk.commands.retain:retain",
    "phones": "desk.commands.phones:phones",
    "status": "desk.commands.status:status",
    "store": "desk.commands.store:store",
    "backup": "desk.commands.backup:backup",
    "restore": "desk.commands.backup:restore",
    "serve": "desk.commands.serve:serve",
    "worker": "desk.commands.worker:worker",
    "user": "desk.commands.serve:user",
    "client": "desk.commands.client:client",
}
GROUP = "liandong.commands"
FAULTS: Mapping[int, str] = {
    errno.ENOENT: "没有这个文件或目录；请检查路径",
    errno.ENOTDIR: "路径里有一段不是目录；请检查路径",
    errno.EISDIR: "这是目录，不是文件；请检查路径",
    errno.EACCES: "没有权限；请检查它归谁、谁可读写",
    errno.EPERM: "没有权限；请检查它归谁、谁可读写",
    errno.EROFS: "这个磁盘是只读的；请换一个地方，或请人改为可写",
    errno.ENOSPC: "磁盘满了；请腾出空间再试",
    errno.EDQUOT: "磁盘配额用完了；请腾出空间再试",
    errno.EFBIG: "文件大过了允许的大小；请检查限制",
}
wording.install()


class Verbs(click.Group):
    """Loads a verb's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_added(), *VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        added = _added().get(cmd_name)
        if added is not None:
            loaded = added.load()
            return loaded if isinstance(loaded, click.Command) else None
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None


def _added() -> dict[str, EntryPoint]:
    return {e.name: e for e in entry_points(group=GROUP)}


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="liandong", prog_name="liandong")
@click.option(
    "--dir", "folder", type=click.Path(), help="城市目录；不写则看 LIANDONG_DIR，再从当前目录向上找 liandong.toml"
)
@click.pass_context
def cli(ctx: click.Context, folder: str | None) -> None:
    """联动：看论坛，建议承办单位，交办，并核查 4 小时内是否在原帖答复。"""
    ctx.obj = folder


def main() -> None:
    """Run the command line; exits 0, 1 (something failed; it says what), 2 (usage) or 143 (told to end)."""
    signal.signal(signal.SIGTERM, _told_to_end)
    for stream in (sys.stdout, sys.stderr):
        _can_say_chinese(stream)
    sys.exit(_run())


def _told_to_end(number: int, frame: FrameType | None) -> NoReturn:
    """End like one who is finished: leases are given back, and ``serve`` ends what it is sending first."""
    sys.exit(128 + number)


def _can_say_chinese(stream: object) -> None:
    """A terminal or a cron job without a locale must not turn every sentence into a traceback."""
    if isinstance(stream, TextIOWrapper):
        try:
            "联动".encode(stream.encoding)
            stream.reconfigure(errors="backslashreplace")  # a GBK terminal lacks some characters of posts
        except UnicodeEncodeError:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run() -> int:
    try:
        result = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("已中断", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on; say nothing more
        return 1
    except (Problem, OSError, sqlite3.Error) as error:
        click.echo(f"错误：{_sentence(error)}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _sentence(error: Exception) -> str:
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, sqlite3.Error):
        from data.store.amiss import sentence

        return sentence(error)
    return _of_the_system(error) if isinstance(error, OSError) else str(error)


def _of_the_system(error: OSError) -> str:
    what = FAULTS.get(error.errno or 0, f"读写出错（{error.strerror or error}）；请检查路径、权限和磁盘空间")
    return f"{error.filename}：{what}" if error.filename else what
