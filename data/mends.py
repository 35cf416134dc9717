"""What is wrong in a table or a setting that a person wrote, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

# What pydantic found, in words staff can act on; {…} are the error's own details.
MENDS: Mapping[str, str] = {
    "missing": "没有填写；请补上",
    "string_too_short": "没有填写；请补上",
    "extra_forbidden": "不认识这一栏；请改正名称或删去",
    "string_pattern_mismatch": "写法不对；代号只能用小写字母、数字、- 和 /，词语里不能有竖线和换行",
    "literal_error": "只能是 {expected} 之一；请改正",
    "enum": "只能是 {expected} 之一；请改正",
    "bool_parsing": "只能是 true 或留空；请改正",
    "int_parsing": "应当是整数；请改正",
    "int_type": "应当是整数；请改正",
    "float_parsing": "应当是数字；请改正",
    "date_from_datetime_parsing": "应当是 2019-01-01 这样的日期；请改正",
    "date_parsing": "应当是 2019-01-01 这样的日期；请改正",
    "time_parsing": "应当是 08:30 这样的时间；请改正",
    "time_type": "应当是 08:30 这样的时间；请改正",
    "too_short": "没有填写；请补上",
    "value_error": "{error}",
    "less_than_equal": "不能大于 {le}；请改正",
    "greater_than": "要大于 {gt}；请改正",
    "greater_than_equal": "不能小于 {ge}；请改正",
    "string_type": "应当是文字，要加引号；请改正",
    "tuple_type": "应当是方括号里的一列；请改正",
    "less_than": "要小于 {lt}；请改正",
    "float_type": "应当是数字；请改正",
    "bool_type": "只能是 true 或 false；请改正",
    "int_from_float": "应当是整数；请改正",
}


def mends(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each column that is wrong and how to mend it, in words."""
    for one in error.errors(include_url=False):
        field = ".".join(str(p) for p in one["loc"]) or "?"
        mend = MENDS.get(one["type"], "格式不对；请对照随软件附带的表和说明改正").format_map(one.get("ctx", {}))
        plain = one["type"] != "missing" and one["input"] != "" and not isinstance(one["input"], Mapping)
        written = f"（写的是 {str(one['input'])[:60]!r}）" if plain else ""
        yield field, f"{mend}{written}"
