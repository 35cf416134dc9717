"""Models: what they learn, that they are the same every time, and that a bad file is refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from classifier.answers import ask
from classifier.features import HEAD, MATTER, learn, prepared
from classifier.model import train
from classifier.modelfile import ModelError, load, save
from classifier.samples import Sample, SampleError
from classifier.service import in_service, put_in_service, rollback
from classifier.shipped import cautious
from classifier.tokens import LIMIT, cutter, normal, words
from tests.classifier_city import model, samples


def test_the_same_samples_give_the_same_model() -> None:
    assert train(samples()).version == model().version


def test_a_message_never_seen_is_put_where_its_words_belong() -> None:
    answers = ask(model(), prepared(["西关那边又停水了，水管坏了没人修", "孩子的老师要求补课还收费"]))
    assert [answers["category"].best(i)[0][0] for i in (0, 1)] == ["urban", "education"]
    assert [answers["detail"].best(i)[0][0] for i in (0, 1)] == ["urban/water", "education/tutoring"]


def test_probabilities_of_every_head_sum_to_one_and_levels_agree() -> None:
    answers = ask(model(), prepared(["停水了", "", "完全无关的话"]))
    for answer in answers.values():
        assert answer.p.sum(axis=1) == pytest.approx(1)
    urban = [i for i, name in enumerate(answers["detail"].labels) if name.startswith("urban/")]
    at = answers["category"].labels.index("urban")
    assert answers["detail"].p[:, urban].sum(axis=1) == pytest.approx(answers["category"].p[:, at])


def test_a_cautious_model_chooses_the_same_and_is_less_sure() -> None:
    texts = prepared(["西关那边又停水了", "孩子的老师要求补课"])
    bold, careful = ask(model(), texts), ask(cautious(model()), texts)
    assert bold["kind"].p.argmax(axis=1).tolist() == careful["kind"].p.argmax(axis=1).tolist()
    assert (careful["category"].p.max(axis=1) < bold["category"].p.max(axis=1)).all()
    assert np.array_equal(careful["request"].p, bold["request"].p)
    assert cautious(model()).version != model().version


def test_a_model_asks_another_for_what_it_was_not_taught() -> None:
    own = train([Sample(s.text, "甲" if "水" in s.text else "乙") for s in samples() if s.category])
    answers = ask(own, prepared(["停水了"]), beside=model())
    assert set(answers) == {
        "category",
        "kind",
        "unit",
        "request",
    }  # its own categories, none of the other's second level
    assert set(answers["category"].labels) == {"甲", "乙"}


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    save(model(), tmp_path / "m.model")
    again = load(tmp_path / "m.model")
    texts = prepared(s.text for s in samples())
    assert again.version == model().version
    assert np.array_equal(ask(again, texts)["unit"].p, ask(model(), texts)["unit"].p)


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        save(model(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def _changed(path: Path, member: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as old:
        members = {n: old.read(n) for n in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, was in (members | {member: content}).items():
            new.writestr(name, was)


def test_a_model_file_that_was_altered_is_refused(tmp_path: Path) -> None:
    save(model(), path := tmp_path / "m.model")
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("model.json"))
    header["vocabulary"][0] = "别的词"
    _changed(path, "model.json", json.dumps(header).encode())
    with pytest.raises(ModelError, match="校验值不符"):
        load(path)


def test_a_model_of_another_format_is_refused_by_its_number(tmp_path: Path) -> None:
    save(model(), path := tmp_path / "m.model")
    _changed(path, "seal.json", json.dumps({"liandong": "model", "format": 99}).encode())
    with pytest.raises(ModelError, match="第 99 版"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x04K\x01.", b"\x00" * 5000])
def test_a_foreign_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (path := tmp_path / "m.model").write_bytes(content)
    with pytest.raises(ModelError, match="不是联动的模型文件"):
        load(path)


def test_a_cut_or_flipped_model_file_is_refused(tmp_path: Path) -> None:
    save(model(), path := tmp_path / "m.model")
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 25)):
        path.write_bytes(whole[:at])
        with pytest.raises(ModelError):
            load(path)
    refused = 0
    for at in range(len(whole) // 50, len(whole), max(1, len(whole) // 25)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            assert load(path).version == model().version  # a date in the zip's own lists, which nobody reads
        except ModelError:
            refused += 1
    assert refused > 20


def test_a_pickled_array_in_a_model_file_is_not_executed(tmp_path: Path) -> None:
    save(model(), path := tmp_path / "m.model")
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    _changed(path, "idf.npy", (tmp_path / "evil.npy").read_bytes())
    with pytest.raises(ModelError):
        load(path)


def test_a_missing_model_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="liandong train"):
        load(tmp_path / "none.model")


def test_samples_of_one_category_cannot_be_trained_on() -> None:
    with pytest.raises(SampleError, match="至少要有两种"):
        train([Sample("停水了", "urban"), Sample("没水", "urban")])


def test_the_model_before_comes_back_into_service(tmp_path: Path) -> None:
    assert in_service(tmp_path / "models") is None
    other = train([s for s in samples() if s.kind != "建议"])
    put_in_service(tmp_path / "models", model())
    put_in_service(tmp_path / "models", other)
    assert in_service(tmp_path / "models").version == other.version  # type: ignore[union-attr]
    assert rollback(tmp_path / "models").version == model().version  # type: ignore[union-attr]
    assert in_service(tmp_path / "models").version == model().version  # type: ignore[union-attr]
    assert rollback(tmp_path / "models") is None
    assert in_service(tmp_path / "models") is None
    with pytest.raises(ModelError, match="没有更早的模型"):
        rollback(tmp_path / "models")


def test_full_width_and_capitals_are_one_with_their_plain_forms() -> None:
    assert normal("ＱＱ１２３\n\t Ａbc　停水") == "qq123 abc 停水"
    assert len(normal("ﷺ" * 100_000)) <= LIMIT


@pytest.mark.parametrize("engine", ["jieba", "rjieba"])
def test_the_citys_names_are_kept_whole_by_either_tokenizer(engine: str) -> None:
    name = "王城大道辅路"
    assert name not in cutter((), engine)(f"我在{name}等车")
    assert name in cutter((name,), engine)(f"我在{name}等车")


def test_words_are_without_white_space() -> None:
    assert "".join(words("小区 停水\n三天")) == "小区停水三天"


def test_the_first_characters_count_once_more() -> None:
    texts = prepared([f"{'停水' if i % 2 else '停电'}的事情说明{'无关' * HEAD}" for i in range(8)])
    features = learn(texts, 1000)
    early, late = features.matrix(prepared(["停水" + "无关" * HEAD, "无关" * HEAD + "停水"]))[
        :, len(features.vocabulary) :
    ]
    assert early.sum() > late.sum()


def test_what_a_message_is_about_is_counted_in_its_first_characters_only() -> None:
    first = "停水了" + "说" * (MATTER - 3)
    rows = model().features.matrix(prepared([first, first + "路灯不亮" * 50]))
    matter = rows[:, : model().features.matter]
    assert (matter[0] != matter[1]).nnz == 0
    assert model().features.matrix(prepared(["停水了路灯不亮"])).nnz > model().features.matrix(prepared(["停水了"])).nnz


def test_hostile_text_makes_a_row_and_no_error() -> None:
    rows = model().features.matrix(prepared(["", "\x00\ud800", "😀" * 10_000, "a" * 100_000, "\n" * 50]))
    assert rows.shape[0] == 5
