"""Files in and out: samples, batches, the shipped model's cache."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

import classifier.shipped
from classifier.batch import ADDED, classify_file
from classifier.evaluate import evaluate
from classifier.model import train
from classifier.modelfile import load, save
from classifier.names import learnt, shown
from classifier.rows import fields, read_rows
from classifier.samples import Sample, SampleError, Samples, fingerprint, lexicon, read, unit_slugs
from classifier.shipped import shipped_model
from classifier.suggest import Suggester
from tests.classifier_city import NOW, city, model, samples

TABLE = "标题,内容,类别,承办单位,诉求类型\n停水,三天没水,供水,自来水公司,投诉\n补课,老师收费,补课,市教育局,举报\n"
EXPECTED = (
    Sample("停水\n三天没水", "urban/water", "投诉", "water"),
    Sample("补课\n老师收费", "education/tutoring", "举报", "schools"),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_csv_is_read_in_the_encodings_offices_use(tmp_path: Path, encoding: str) -> None:
    (path := tmp_path / "a.csv").write_text(TABLE, encoding=encoding)
    assert read(path, city()).samples == EXPECTED


def test_excel_and_json_lines_hold_the_same_samples(tmp_path: Path) -> None:
    rows = list(csv.reader(TABLE.splitlines()))
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "a.xlsx")
    lines = [json.dumps(dict(zip(rows[0], r, strict=True)), ensure_ascii=False) for r in rows[1:]]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read(tmp_path / "a.xlsx", city()).samples == EXPECTED
    assert read(tmp_path / "a.jsonl", city()).samples == EXPECTED


def test_english_names_and_unknown_labels_are_kept_as_they_are(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_text("title,text,label,kind,unit\na,b,随便什么,,某局\n", encoding="utf-8")
    assert read(path, city()).samples == (Sample("a\nb", "随便什么", None, "某局"),)


def test_a_bad_row_is_told_by_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    text = 'text,label,kind\n"两\n行",urban,\n,urban,\n好的,urban,发怒\n多,一,格,了\n没水,urban,投诉\n'
    (path := tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = read(path)
    assert [s.text for s in found.samples] == ["两\n行", "没水"]
    assert [p.split("：")[0] for p in found.problems] == ["a.csv 第 4 行", "a.csv 第 5 行", "a.csv 第 6 行"]


def test_negatives_and_rows_without_any_label_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("title,text,sort\n晒猫,可爱,chatter\n", encoding="utf-8")
    (tmp_path / "u.csv").write_text("text\n停水\n", encoding="utf-8")
    assert read(tmp_path / "n.csv").samples == (Sample("晒猫\n可爱", is_request=False),)
    assert read(tmp_path / "u.csv").samples == (Sample("停水", is_request=None),)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.pdf", b"x", "不认识"),
        ("a.csv", b"", "空文件"),
        ("a.csv", b"foo,bar\n1,2\n", "找不到留言内容"),
        ("a.csv", b"text\n", "没有一行可用"),
        ("a.csv", b"\xff\xff\xff\xff,", "编码"),
        ("a.csv", b"PK\x03\x04\x00\x00", "不是文本文件"),
        ("a.xlsx", b"not excel", "不是 Excel"),
        ("a.jsonl", b"[1, 2]\n", "没有一行是 JSON"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (path := tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=says):
        read(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="没有这个文件"):
        read(tmp_path / "none.csv")


def _messages(path: Path) -> Path:
    path.write_text('编号,内容\n1,"小区停水一天没水用，投诉"\n=1+1,"@老师补课收费，请严查"\n3,\n', encoding="gbk")
    return path


def test_classify_keeps_the_columns_and_adds_its_own(tmp_path: Path) -> None:
    done: list[int] = []
    summary = classify_file(
        _messages(tmp_path / "in.csv"), tmp_path / "out.csv", Suggester(model(), city()), NOW, done.append
    )
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["编号", "内容", *ADDED]
    assert [r["category"] for r in rows] == ["城乡建设", "教育文体", ""]
    assert [r["detail"] for r in rows] == ["供水", "补课", ""]
    assert [r["unit"] for r in rows] == ["市水务集团", "市教育局", ""]
    assert float(rows[0]["category_p"]) > float(rows[0]["category_2_p"]) >= float(rows[0]["category_3_p"])
    assert rows[2]["编号"] == "3"
    assert rows[2]["needs_person"] == "没有内容"
    assert summary.rows == 2
    assert summary.problems == ("in.csv 第 4 行：没有内容，没有分类",)
    assert done == [3]


def test_labels_come_back_as_whoever_taught_them_wrote_them(tmp_path: Path) -> None:
    asked = [s for s in samples() if s.category]
    names = {
        "urban/water": "自来水/水压",
        "urban/power": "城乡建设",
        "education/tutoring": "补课",
        "health/hospital": "卫生计生",
    }
    lines = [f"{s.text},{names[str(s.category)]},自来水公司" for s in asked]
    (path := tmp_path / "a.csv").write_text("\n".join(["内容,类别,承办单位", *lines]), encoding="utf-8")
    found, called = learnt(read(path), city())
    assert {s.category for s in found} == {"自来水／水压", "urban", "education/tutoring", "health"}
    taught = train(found, names=called)
    save(taught, tmp_path / "m.model")
    suggest = Suggester(load(tmp_path / "m.model"), city(), model())
    classify_file(_messages(tmp_path / "in.csv"), tmp_path / "out.jsonl", suggest, NOW)
    rows = [r.cells for r in read_rows(tmp_path / "out.jsonl")]
    assert rows[0]["category"] == "自来水/水压"
    again, _ = learnt(read(path), city(), taught.names)
    assert evaluate(taught, again, city())["details"]["confusion"]["labels"] == [
        "补课",
        "卫生计生",
        "城乡建设",
        "自来水/水压",
    ]


def test_names_of_somebodys_own_that_look_like_second_levels_are_left_alone() -> None:
    raw = Samples(tuple(Sample(f"第{i}", name) for i, name in enumerate(["水", "电", "路", "补课"])))
    found, called = learnt(raw, city())
    assert [s.category for s in found] == ["水", "电", "路", "补课"]
    assert shown(called, city())("category", "补课") == "补课"


def test_what_a_file_calls_its_columns_is_found(tmp_path: Path) -> None:
    heads = ("留言主题,留言详情,一级标签,答复单位", " 标 题 ,内容,类别,承办部门", "Subject,Message,Class,Department")
    for heading in heads:
        assert list(fields(heading.split(","))) == ["title", "text", "category", "unit"]


def test_a_spoilt_character_is_no_other_encoding_and_other_marks_stand_between_columns(tmp_path: Path) -> None:
    text = "编号\t内容\n1\t" + "小区停水一天没水用，" * 100 + "\n"
    (path := tmp_path / "a.csv").write_bytes(text.encode() + b"2\t\xe6\xb0\n")
    assert [r.cells["内容"][:5] for r in read_rows(path)] == ["小区停水一", "\ufffd"]
    path.write_text(text, encoding="utf-16")
    assert [r.cells["内容"][:5] for r in read_rows(path)] == ["小区停水一"]


def test_a_table_of_figures_in_gbk_is_read_as_such(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_bytes(("内容,件数\n" + "1,2\n" * 2000).encode("gbk"))
    assert list(next(iter(read_rows(path))).cells) == ["内容", "件数"]


def test_a_row_without_the_text_spoils_no_other(tmp_path: Path) -> None:
    (path := tmp_path / "in.jsonl").write_text('{"text": "停水了"}\n{"n": 1}\n[2]\n', encoding="utf-8")
    summary = classify_file(path, tmp_path / "out.csv", Suggester(model(), city()), NOW)
    assert summary.rows == 1
    assert [p.split("：")[1] for p in summary.problems] == ["没有内容，没有分类", "不是一个 JSON 对象，已跳过"]


def test_formulas_are_inert_in_csv_and_excel(tmp_path: Path) -> None:
    source, suggest = _messages(tmp_path / "in.csv"), Suggester(model(), city())
    classify_file(source, tmp_path / "out.csv", suggest, NOW)
    classify_file(source, tmp_path / "out.xlsx", suggest, NOW)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert all(not cell.startswith(("=", "@", "+", "-")) for row in csv.reader(file) for cell in row)
    sheet = load_workbook(tmp_path / "out.xlsx").active
    assert [c.value for c in sheet["A"]] == ["编号", "1", "'=1+1", "3"]  # type: ignore[index]
    assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)  # type: ignore[union-attr]


def test_json_lines_keep_the_values_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "停水了", "n": 3, "category": "旧的"}\n', encoding="utf-8")
    classify_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Suggester(model(), city()), NOW)
    [row] = [r.cells for r in read_rows(tmp_path / "out.jsonl")]
    assert (row["n"], row["category_input"]) == (3, "旧的")
    assert row["is_request"] is True


def test_nothing_is_written_when_the_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(SampleError):
        classify_file(tmp_path / "in.csv", tmp_path / "out.csv", Suggester(model(), city()), NOW)
    with pytest.raises(SampleError, match="不会写"):
        classify_file(_messages(tmp_path / "ok.csv"), tmp_path / "out.pdf", Suggester(model(), city()), NOW)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "ok.csv"]


def test_the_tables_own_words_make_the_same_samples_every_time() -> None:
    made = lexicon(city())
    assert made == lexicon(city())
    assert all(s.made and s.is_request is None for s in made)
    assert fingerprint(made) != fingerprint(made[1:])


def test_the_shipped_model_is_trained_once_and_a_broken_cache_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier.shipped, "shipped_samples", lambda reference: list(samples()))
    first = shipped_model(city(), tmp_path / "cache")
    [kept] = (tmp_path / "cache").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(classifier.shipped, "train", lambda *_: pytest.fail("trained again"))
        assert shipped_model(city(), tmp_path / "cache").version == first.version
    kept.write_bytes(b"broken")
    assert shipped_model(city(), tmp_path / "cache").version == first.version
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert shipped_model(city(), tmp_path / "file").version == first.version


def test_a_column_called_like_kinds_that_says_something_else_is_taken_for_categories(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_text("内容,类型\n停水,城建\n补课,教育\n断电,投诉\n", encoding="utf-8")
    found = read(path)
    assert [(s.category, s.kind) for s in found.samples] == [("城建", None), ("教育", None), ("投诉", None)]
    assert "类型一列" in found.problems[0]
    path.write_text("内容,类别,类型\n停水,urban,网站\n补课,education,电话\n", encoding="utf-8")
    assert [(s.category, s.kind) for s in read(path).samples] == [("urban", None), ("education", None)]


def test_a_row_is_suggested_to_the_units_of_its_day(tmp_path: Path) -> None:
    days = ("2013-06-01 9:30", "2015年3月2日", "20141231", "2015/1/1", "不详", "9999-99-99")
    lines = ["留言时间,内容", *(f"{day},医院看病挂号难" for day in days)]
    (path := tmp_path / "in.csv").write_text("\n".join(lines), encoding="utf-8")
    classify_file(path, tmp_path / "out.csv", Suggester(model(), city()), NOW)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as found:
        units = [row["unit"] for row in csv.DictReader(found)]
    assert units == ["市卫生局", "市卫计委", "市卫生局", "市卫计委", "市卫生局", "市卫生局"]


def test_the_office_of_another_place_is_ours_of_the_same_duty_unless_the_file_has_both() -> None:
    names = {"益阳市教育局", "A7县供电公司", "省卫计委", "北县自来水公司", "小区物业公司"}
    assert unit_slugs(names, city()) == {"益阳市教育局": "schools", "A7县供电公司": "power", "省卫计委": "health-new"}
    assert unit_slugs({"市教育局", "岳麓区教育局"}, city()) == {"市教育局": "schools"}


def test_a_name_that_the_unit_after_bears_too_is_said_for_both() -> None:
    units = [u.model_copy(update={"aliases": ("卫生局",)}) if u.slug.startswith("health") else u for u in city().units]
    both = city().model_copy(update={"units": tuple(units)})
    _, names = learnt(Samples((Sample("看病", unit="卫生局"),)), both)
    assert {shown(names, both)("unit", slug) for slug in ("health-old", "health-new")} == {"卫生局"}
    assert unit_slugs({"卫生局"}, both) == {"卫生局": "health-new"}


def test_json_lines_with_other_keys_in_each_line_keep_them_all_in_a_table(tmp_path: Path) -> None:
    (path := tmp_path / "in.jsonl").write_text(
        '{"text": "停水"}\n{"text": "停电", "来源": "热线"}\n[1]\n', encoding="utf-8"
    )
    classify_file(path, tmp_path / "out.csv", Suggester(model(), city()), NOW)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        assert [(row["text"], row["来源"]) for row in csv.DictReader(lines)] == [("停水", ""), ("停电", "热线")]
