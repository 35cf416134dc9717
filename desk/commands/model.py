"""``train``, ``evaluate``, ``classify``: the classifier at the command line, in a city or without one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data import reference
from data.city import City, CityError, find, open_city
from data.reference import Reference
from desk.commands.common import HERE, console, echo_json, echo_table, json_option, now, pass_folder, safe

if TYPE_CHECKING:
    from classifier.model import Model, Names
    from classifier.samples import Sample

MOST = 20  # problems told one by one
WIDEST = 8  # classes whose confusion a terminal can show
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
model_option = click.option(
    "--model",
    "models",
    type=click.Path(file_okay=False, path_type=Path),
    help="模型目录；不写则用城市的，或随软件发布的",
)


def _around(folder: str | None) -> tuple[City | None, Reference]:
    """The city we are in, if any, and its tables or the shipped ones."""
    try:
        city = open_city(find(folder))
    except CityError:
        if folder:
            raise
        return None, reference.load()
    return city, city.reference()


@click.command()
@click.argument("given", metavar="[FILE]…", nargs=-1, type=FILE)
@click.option("--samples", "files", multiple=True, type=FILE, help="样本文件（CSV、Excel、JSON Lines），可写多次")
@click.option("--local", "local", multiple=True, type=FILE, help="本地的样本文件，每条顶外地的好几条；可写多次")
@click.option("--first", type=click.IntRange(min=20), help="只读每条样本的前几个字；样本来自外地时 120 较好")
@model_option
@click.option("--rollback", is_flag=True, help="退回上一个模型")
@click.option("--force", is_flag=True, help="即使新模型在最近的决定上不如旧的，也投入使用")
@click.option("--by", default=HERE, hidden=True, help="记在谁名下")
@json_option
@pass_folder
def train(
    folder: str | None,
    given: Sequence[Path],
    files: Sequence[Path],
    local: Sequence[Path],
    first: int | None,
    models: Path | None,
    rollback: bool,
    force: bool,
    by: str,
    as_json: bool,
) -> None:
    """训练模型；在最近的决定上不比现用的差，才投入使用。不写 --samples 则用随软件发布的样本和值班员的决定。"""
    from classifier.names import joined
    from desk import training

    city, tables = _around(folder)
    where = models or (city.models if city else None)
    if where is None:
        raise click.UsageError("不在城市目录里；请用 --model 写明模型放在哪个目录")
    studio = training.Studio(where, tables, by, now, city)
    if rollback:
        version = training.rollback(studio).model
        _tell(as_json, f"已退回模型 {version}", {"model": version, "samples": 0, "folder": where})
        return
    files = [*given, *files]
    base, names = _samples(files, tables) if files or not local else ([], {})
    own, more = _samples(local, tables) if local else ([], {})
    decided = training.decided(city) if city and not files and not local else []
    learnt = [*_shortened(base, first), *own * LOCAL]
    with _alone(city), console.status("正在训练……"):
        _tell(as_json, *training.learn(studio, learnt, decided, force, joined([more, names])))


@contextmanager
def _alone(city: City | None) -> Iterator[None]:
    """Two trainings of one city at once would each judge against a model the other takes away."""
    from ticketing import cycle

    if city is None:
        yield
        return
    with cycle.lease(city, "train", now()):
        yield


LOCAL = 3  # a local sample counts as so many of elsewhere


def _shortened(samples: list[Sample], first: int | None) -> list[Sample]:
    from dataclasses import replace

    return [replace(s, text=s.text[:first]) for s in samples] if first else samples


def _tell(as_json: bool, sentence: str, figures: dict[str, Any]) -> None:
    if as_json:
        echo_json(figures)
    else:
        click.echo(sentence)


def _samples(files: Sequence[Path], tables: Reference, taught: Names | None = None) -> tuple[list[Sample], Names]:
    """The samples of the files, or those the package ships, and what the files call their labels."""
    from classifier import names, samples

    if not files:
        return samples.shipped_samples(tables), {}
    found: list[Sample] = []
    called: list[Names] = []
    for path in files:
        raw = samples.read(path)
        learnt, theirs = names.learnt(raw, tables, taught)
        found += learnt
        called.append(theirs)
        _complain(raw.problems)
    return found, names.joined(called)


def _complain(problems: Sequence[str]) -> None:
    for problem in problems[:MOST]:
        click.echo(problem, err=True)
    if len(problems) > MOST:
        click.echo(f"还有 {len(problems) - MOST} 行有问题，没有一一列出", err=True)


def _model(models: Path | None, city: City | None, tables: Reference) -> Model:
    from classifier import service
    from classifier.modelfile import ModelError
    from classifier.shipped import shipped_model

    if models is not None:
        found = service.in_service(models)
        if found is None:
            raise ModelError(f"{models} 里没有模型；请先用 liandong train --model {models} 训练")
        return found
    return (service.in_service(city.models) if city else None) or shipped_model(tables)


@click.command()
@click.argument("given", metavar="[FILE]…", nargs=-1, type=FILE)
@click.option("--samples", "files", multiple=True, type=FILE, help="有标签的样本文件；不写则对随软件发布的样本交叉验证")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="把全部数字写进文件（.json、.csv、.html）")
@click.option("--crossed", "cross", is_flag=True, help="在样本上五折交叉验证（重新训练），不用现有模型")
@click.option("--curve", is_flag=True, help="加上学习曲线（要训练五次）")
@click.option("--weeks", type=click.IntRange(1, 52), default=8, show_default=True, help="看最近几周帖子的漂移")
@model_option
@json_option
@pass_folder
def evaluate(
    folder: str | None,
    given: Sequence[Path],
    files: Sequence[Path],
    out: Path | None,
    cross: bool,
    curve: bool,
    weeks: int,
    models: Path | None,
    as_json: bool,
) -> None:
    """评估模型：每类的数字、混淆表、校准、覆盖与精确率、学习曲线、最近几周的漂移。"""
    from classifier import evaluate as judging
    from classifier import page
    from classifier.shipped import shipped_model
    from classifier.tokens import city_words
    from desk import training

    city, tables = _around(folder)
    files = [*given, *files]
    model = _model(models, city, tables) if files and not cross else None
    samples, names = _samples(files, tables, model.names if model else None)
    if city and not files:
        samples += [s for _, s in training.decided(city)]
    if model:
        found = judging.evaluate(model, samples, tables, beside=shipped_model(tables), names=names)
    else:
        judged = samples if files else [s for s in samples if not s.made]
        found = judging.crossed(judged, city=city_words(tables), reference=tables, names=names)
    if curve:
        found["learning_curve"] = judging.learning_curve(samples, city_words(tables))
    if city and (moved := _drift(city, _model(models, city, tables), samples, weeks)):
        found["drift"] = moved
    if out:
        page.write(found, out)
    if as_json:
        echo_json(found)
        return
    _print(found)
    if out:
        click.echo(f"写进 {out}")


def _drift(city: City, model: Model, samples: Sequence[Sample], weeks: int) -> list[dict[str, Any]]:
    """The last weeks' posts beside the training text; nothing where there are no posts."""
    from classifier.drift import drift

    recent: dict[str, list[str]] = {}
    for post in city.store.threads.recent(now() - timedelta(weeks=weeks)):
        day = post.posted_at.astimezone(city.zone).date()
        recent.setdefault(f"{day - timedelta(days=day.weekday())}", []).append(post.text)
    texts = [s.text for s in samples if not s.made and s.is_request]
    return drift(model, texts, dict(sorted(recent.items()))) if recent and texts and "category" in model.heads else []


def _print(found: dict[str, Any]) -> None:
    from classifier.evaluate import QUESTIONS

    parts = {"category": found} if "accuracy" in found else {}
    parts |= {q: found[q] for q in QUESTIONS if q in found}
    columns = ("", "条数", "准确率", "宏平均 F1", "前二", "前三", "可自动", "校准误差")
    echo_table("评估", columns, [(QUESTIONS[q], *_numbers(part)) for q, part in parts.items()])
    for question, sentence in found.get("not_measured", {}).items():
        click.echo(f"没有评估{QUESTIONS[question]}：{sentence}。")
    for question, part in parts.items():
        if unknown := part.get("unknown"):
            told = "、".join(f"{name}（{rows} 条）" for name, rows in unknown.items())
            click.echo(f"注意：模型没有学过这些{QUESTIONS[question]}，一律算答错：{safe(told)}。")
    click.echo("可自动：精确率经下限证明不低于 0.98 时，可以不经人工的比例。")
    if filed := found.get("filed"):
        click.echo(
            f"模型自己有把握的（category_sure，把握 ≥ {filed['from']:.3f}）占 {filed['coverage']:.1%}，其中答对 {filed['precision']:.2%}。"
        )
    for question in ("category", "kind", "unit"):
        if question in parts:
            _classes(QUESTIONS[question], parts[question]["details"])
    for point in found.get("learning_curve", ()):
        click.echo(f"{point['samples']} 条样本：宏平均 F1 {point['macro_f1']:.3f}")
    for week in found.get("drift", ()):
        told = f"{week['posts']} 帖，生词 {week['new_words']:.1%}，平均把握 {week['sure']:.2f}，距离 {week['distance']:.2f}"
        click.echo(f"{week['week']}：{told}")


def _classes(what: str, told: dict[str, Any]) -> None:
    """Class by class; and what is taken for what, while that fits a terminal."""
    classes = [
        (c["label"], c["rows"], *(f"{c[k]:.3f}" for k in ("precision", "recall", "f1"))) for c in told["classes"]
    ]
    echo_table(f"每种{what}", (what, "条数", "精确率", "召回率", "F1"), classes)
    labels = told["confusion"]["labels"]
    if len(labels) <= WIDEST:
        rows = [(name, *row) for name, row in zip(labels, told["confusion"]["rows"], strict=True)]
        echo_table(f"混淆表：每行是真的{what}，每列是猜的", ("", *labels), rows)


def _numbers(part: dict[str, Any]) -> list[str]:
    alone = part.get("details", {}).get("automatic") or {"coverage": 0.0}
    figures = {**part, "coverage": part.get("held", alone)["coverage"]}
    keys = ("rows", "accuracy", "macro_f1", "top2", "top3", "coverage", "calibration_error")
    return [f"{v:.3f}" if isinstance(v := figures.get(k), float) else str("" if v is None else v) for k in keys]


@click.command()
@click.argument("source", metavar="IN", type=FILE)
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@model_option
@json_option
@pass_folder
def classify(folder: str | None, source: Path, target: Path, models: Path | None, as_json: bool) -> None:
    """给文件里的每条留言加上建议（CSV、Excel、JSON Lines）。"""
    from classifier.batch import classify_file
    from classifier.ready import suggester_of

    city, tables = _around(folder)
    with console.status("正在处理……") as status:
        summary = classify_file(
            source,
            target,
            suggester_of(_model(models, city, tables), tables),
            progress=lambda n: status.update(f"已处理 {n} 条"),
        )
    _complain(summary.problems)
    if as_json:
        echo_json({"rows": summary.rows, "problems": summary.problems, "out": target})
    else:
        click.echo(
            f"{summary.rows} 条写进 {target}"
            + (f"，另有 {len(summary.problems)} 行没有分类" if summary.problems else "")
        )
    sys.exit(0 if summary.rows else 1)
