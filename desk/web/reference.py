"""The administrator's pages of the reference tables: found, changed by the files' own validation, exported back."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from data import editing
from data.problem import Problem
from data.reference import FILES, Entry, ReferenceError, dump
from desk import registry
from desk.web import bounds, fields
from desk.web.context import forget_reference, me, note, now, the_city
from desk.web.files import send_bytes

pages = Blueprint("reference", __name__, url_prefix="/reference")

TABLE = f"<any({', '.join(fields.TITLES)}):table>"
LISTED = 100  # entries on a page
Answer = str | tuple[str, int] | Response


@pages.get("")
def index() -> str:
    """Every table, how long it is, and whether the files say the same."""
    tables = the_city().reference()
    counts = {table: len(getattr(tables, table)) for table in fields.TITLES}
    return render_template(
        "reference.html", titles=fields.TITLES, counts=counts, files=FILES, unexported=registry.unexported(the_city())
    )


@pages.get(f"/{TABLE}")
def table(table: str) -> str:
    """The entries of one table, those that hold the words asked for."""
    tables, words = the_city().reference(), request.args.get("words", "").strip()[:60]
    listed = fields.LISTED[table]
    rows = [
        (editing.key(e), editing.digest(e), [fields.cell(table, name, e, tables) for name in listed])
        for e in getattr(tables, table)
        if words.lower() in e.model_dump_json().lower() or words in fields.cell(table, listed[0], e, tables)
    ]
    labels = {f.name: f.label for f in fields.FIELDS[table]}
    start = bounds.number("from") or 0
    return render_template(
        "reference_table.html",
        table=table,
        title=fields.TITLES[table],
        labels=[labels[name] for name in listed],
        rows=rows[start : start + LISTED],
        more=start + LISTED if len(rows) > start + LISTED else None,
        count=len(rows),
        words=words,
        ordered=editing.in_order(table),
    )


@pages.route(f"/{TABLE}/new", methods=["GET", "POST"])
def add(table: str) -> Answer:
    """A new entry."""
    if request.method == "GET":
        return _form(table, None, MultiDict({"zone": "Asia/Shanghai", "enabled": "true"}))
    try:
        entry = editing.parse(table, fields.row(table, request.form))
        registry.add(the_city(), table, entry, me().name, now())
    except Problem as problem:
        return _form(table, None, request.form, problem), 400
    return _done(table, f"已添加 {editing.key(entry)}")


@pages.route(f"/{TABLE}/entry", methods=["GET", "POST"])
def entry(table: str) -> Answer:
    """One entry, changed unless somebody else changed it since it was shown."""
    wanted = request.args.get("key", "")
    found = editing.find(the_city().reference(), table, wanted)
    if found is None:
        abort(404)
    if request.method == "GET":
        return _form(table, found, fields.filled(table, found))
    try:
        changed = editing.parse(table, fields.row(table, request.form, found))
        registry.change(the_city(), table, wanted, request.form.get("seen", ""), changed, me().name, now())
    except editing.StaleError as problem:
        current = editing.find(the_city().reference(), table, wanted)
        if current is None:
            return _back(table, problem)
        return _form(table, current, fields.filled(table, current), problem), 409
    except Problem as problem:
        return _form(table, found, request.form, problem, request.form.get("seen", "")), 400
    return _done(table, f"已保存 {editing.key(changed)}")


@pages.post(f"/{TABLE}/remove")
def remove(table: str) -> Answer:
    """Take an entry out, where nothing names it."""
    wanted, seen = request.form.get("key", ""), request.form.get("seen", "")
    try:
        registry.remove(the_city(), table, wanted, seen, me().name, now())
    except Problem as problem:
        return _back(table, problem)
    return _done(table, f"已删去 {wanted}")


@pages.post("/rules/move", endpoint="move")
def put_elsewhere() -> Answer:
    """A rule one up or down: the first that fits decides."""
    wanted, seen = request.form.get("key", ""), request.form.get("seen", "")
    step = 1 if request.form.get("step") == "down" else -1
    try:
        registry.move(the_city(), "rules", wanted, seen, step, me().name, now())
    except Problem as problem:
        return _back("rules", problem)
    return _done("rules", f"已移动 {wanted}")


@pages.post("/export")
def export() -> Answer:
    """Write the tables back into the city's files."""
    written = registry.export_files(the_city(), me().name, now())
    flash(f"已写回 reference/：{'、'.join(written)}" if written else "文件与这里的一致，没有改动", "ok")
    return redirect(url_for("reference.index"))


@pages.get("/files.zip")
def download() -> Response:
    """The tables as files, to take away."""
    note("下载参考表")
    target = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        dump(the_city().reference(), Path(folder))
        for file in FILES.values():
            archive.write(Path(folder) / file, f"reference/{file}")
    day = now().astimezone(the_city().zone)
    return send_bytes(target.getvalue(), f"reference-{day:%Y%m%d}.zip")


def _form(
    table: str, found: Entry | None, given: MultiDict[str, str], problem: Problem | None = None, seen: str = ""
) -> str:
    return render_template(
        "reference_entry.html",
        table=table,
        title=fields.TITLES[table],
        fields=fields.FIELDS[table],
        entry=found,
        key=editing.key(found) if found else "",
        heading=fields.heading(table, found, the_city().reference()) if found else f"添加{fields.TITLES[table]}",
        seen=seen or (editing.digest(found) if found else ""),
        given=given,
        tables=the_city().reference(),
        **_told(table, problem),
    )


def _told(table: str, problem: Problem | None) -> Mapping[str, Any]:
    """What is wrong: beside its column, or above all."""
    if not isinstance(problem, editing.EntryError):
        lines = str(problem).splitlines() if problem else []
        if isinstance(problem, ReferenceError):
            labels = {f"的 {f.name} ": f"的“{f.label}”" for f in fields.FIELDS[table]}
            for name, label in labels.items():
                lines = [line.replace(name, label) for line in lines]
        return {"problems": lines, "wrong": {}}
    beside: dict[str, list[str]] = {}
    for column, said in problem.problems.items():
        beside.setdefault(column.partition(".")[0], []).append(said)
    known = {f.name for f in fields.FIELDS[table]}
    return {
        "problems": [f"{c}：{s}" for c, said in beside.items() if c not in known for s in said] or ["有几栏没有填对"],
        "wrong": beside,
    }


def _done(table: str, words: str) -> Response:
    forget_reference()
    flash(words, "ok")
    return redirect(url_for("reference.table", table=table))


def _back(table: str, problem: Problem) -> Response:
    for line in str(problem).splitlines():
        flash(line, "bad")
    return redirect(url_for("reference.table", table=table))
