"""What click itself says — usage, headings, mistakes in a command line — in Chinese, like the rest of the program."""

from __future__ import annotations

import gettext
from collections.abc import Mapping

from click import core, decorators, exceptions, formatting, parser, termui, types

CHINESE: Mapping[str, str] = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "default: {default}": "不写则是 {default}",
    "Show this message and exit.": "显示这段说明",
    "Show the version and exit.": "显示版本",
    "Try '{command} {option}' for help.": "怎么用请看 {command} {option}",
    "Error: {message}": "错误：{message}",
    "Aborted!": "已中断",
    "(Did you mean one of: {possibilities}?)": "是不是其中之一：{possibilities}",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "Got unexpected extra argument ({args})": "多写了 {args}",
    "Got unexpected extra arguments ({args})": "多写了 {args}",
    "Missing command.": "还要写一个命令",
    "Missing argument": "还要写",
    "Missing option": "还要写",
    "Missing parameter": "还要写",
    "Invalid value: {message}": "写得不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 写得不对：{message}",
    "No such option {name!r}.": "没有 {name} 这个选项",
    "No such command {name!r}.": "没有 {name} 这个命令",
    "Option {name!r} does not take a value.": "选项 {name} 后面不写值",
    "Option {name!r} requires an argument.": "选项 {name} 后面要写一个值",
    "Could not open file {filename!r}: {message}": "打不开 {filename}：{message}",
    "Choose from:\n\t{choices}": "可用：{choices}",
    "{value!r} is not {choice}.": "没有 {value}；只能写 {choice}",
    "{value!r} is not one of {choices}.": "没有 {value}；可用：{choices}",
    "{value!r} does not match the format {format}.": "{value} 不合 {format} 的写法（例如 2026-11-26）",
    "{value!r} is not a valid {number_type}.": "{value} 不是数",
    "{value} is not in the range {range}.": "{value} 不在 {range} 之内",
    "{name} {filename!r} does not exist.": "没有 {filename}；请检查路径",
    "{name} {filename!r} is a file.": "{filename} 是文件，这里要一个目录",
    "{name} {filename!r} is a directory.": "{filename} 是目录，这里要一个文件",
    "{name} {filename!r} is not readable.": "{filename} 不许读；请检查权限",
    "{name} {filename!r} is not writable.": "{filename} 不许写；请检查权限",
    "Repeat for confirmation": "再写一遍",
    "Error: The two entered values do not match.": "两遍不一样，请重新写",
    "Error: invalid input": "写得不对，请重新写",
}


def install() -> None:
    """Have click look its words up here; what is not here it says in its own."""
    for module in (core, decorators, exceptions, formatting, parser, termui, types):
        for name, look_up in (("_", _one), ("ngettext", _counted)):
            if hasattr(module, name):
                setattr(module, name, look_up)


def _one(words: str) -> str:
    return CHINESE.get(words) or gettext.gettext(words)


def _counted(one: str, many: str, count: int) -> str:
    return CHINESE.get(one if count == 1 else many) or gettext.ngettext(one, many, count)
