"""``train``, ``evaluate``, ``classify``: the classifier at the command line, in a city or without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data import reference
from data.city import City, CityError, find, open_city
from data.records import Action
from data.reference import Reference
from desk.commands.common import console, echo_json, echo_table, json_option, pass_folder

if TYPE_CHECKING:
    from classifier.model import Model
    from classifier.samples import Sample

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
@click.option("--samples", "files", multiple=True, type=FILE, help="样本文件（CSV、Excel、JSON Lines），可写多次")
@model_option
@click.option("--rollback", is_flag=True, help="退回上一个模型")
@json_option
@pass_folder
def train(folder: str | None, files: Sequence[Path], models: Path | None, rollback: bool, as_json: bool) -> None:
    """训练模型并投入使用；不写 --samples 则用随软件发布的样本和值班员的决定。"""
    from classifier import service
    from classifier.model import train as learn
    from classifier.tokens import city_words

    city, tables = _around(folder)
    where = models or (city.models if city else None)
    if where is None:
        raise click.UsageError("不在城市目录里；请用 --model 写明模型放在哪个目录")
    if rollback:
        version, samples = service.rollback(where).version, []
    else:
        samples = _samples(files, tables, city)
        model = learn(samples, city_words(tables))
        service.put_in_service(where, model)
        version = model.version
    if as_json:
        echo_json({"model": version, "samples": len(samples), "folder": where})
    else:
        click.echo(
            f"已退回模型 {version}" if rollback else f"用 {len(samples)} 条样本训练了模型 {version}，放在 {where}"
        )


def _samples(files: Sequence[Path], tables: Reference, city: City | None) -> list[Sample]:
    from classifier import samples

    if not files:
        return [*samples.shipped_samples(tables), *(_decided(city) if city else ())]
    found: list[Sample] = []
    for path in files:
        read = samples.read(path, tables)
        found += read.samples
        for problem in read.problems[:20]:
            click.echo(problem, err=True)
    return found


def _decided(city: City) -> list[Sample]:
    """The desk's decisions as samples: what was accepted or corrected, and what was no request."""
    from classifier.samples import Sample

    return [
        Sample(
            post.text,
            category=d.category,
            kind=d.kind.value if d.kind else None,
            unit=d.unit,
            is_request=d.action is not Action.REJECT,
        )
        for post, d in city.store.decisions.samples()
    ]


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
@click.option("--samples", "files", multiple=True, type=FILE, help="有标签的样本文件；不写则对随软件发布的样本交叉验证")
@model_option
@json_option
@pass_folder
def evaluate(folder: str | None, files: Sequence[Path], models: Path | None, as_json: bool) -> None:
    """评估模型：准确率、宏平均 F1、前二前三、校准误差、可自动处理的比例。"""
    from classifier import evaluate as judging
    from classifier.tokens import city_words

    city, tables = _around(folder)
    samples = _samples(files, tables, None)
    if files:
        found = judging.evaluate(_model(models, city, tables), samples, tables)
    else:
        found = judging.crossed([s for s in samples if not s.made], city=city_words(tables))
    if as_json:
        echo_json(found)
        return
    rows = [(name, *_numbers(part)) for name, part in [("类别", found), *_parts(found)]]
    columns = ("", "条数", "准确率", "宏平均 F1", "前二", "前三", "可自动", "校准误差")
    echo_table("评估", columns, rows)
    click.echo("可自动：要求精确率达到 0.98 时，可以不经人工的比例。")


def _parts(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    names = {"detail": "二级类别", "unit": "承办单位", "kind": "诉求类型", "request": "是否诉求", "urgency": "紧急程度"}
    return [(names.get(k, k), v) for k, v in found.items() if isinstance(v, dict) and "accuracy" in v]


def _numbers(part: dict[str, Any]) -> list[str]:
    figures = {**part, "coverage": part.get("coverage_at_precision", {}).get("0.98")}
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
    for problem in summary.problems[:20]:
        click.echo(problem, err=True)
    if as_json:
        echo_json({"rows": summary.rows, "problems": summary.problems, "out": target})
    else:
        click.echo(
            f"{summary.rows} 条写进 {target}" + (f"，{len(summary.problems)} 行有问题" if summary.problems else "")
        )
    sys.exit(0 if summary.rows else 1)
