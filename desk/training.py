"""Has a city learn from its clerks' decisions, or go back to the model before; each time is in the models' history and in the audit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier import service
from classifier.history import Step, record
from data.city import City
from data.records import Action, AuditEntry
from data.reference import Reference

if TYPE_CHECKING:
    from classifier.model import Model, Names
    from classifier.samples import Sample

Made = Sequence[tuple[datetime, "Sample"]]


@dataclass(frozen=True, slots=True)
class Studio:
    """Where models are made, for which tables, and who wants it; without a city there is no audit."""

    folder: Path
    tables: Reference
    by: str
    clock: Callable[[], datetime]
    city: City | None = None


def learn(
    studio: Studio, base: Sequence[Sample], decided: Made, force: bool = False, names: Names | None = None
) -> tuple[str, dict[str, Any]]:
    """Train, compare on the latest decisions, put in service if not worse: the sentence and the figures to tell."""
    from classifier.handing import handed
    from classifier.learning import FEWEST, latest, trial
    from classifier.model import train
    from classifier.shipped import shipped_model
    from classifier.tokens import city_words

    began, where = time.perf_counter(), studio.folder
    own, since, words = service.in_service(where), service.since(where), city_words(studio.tables)
    made = [s for _, s in decided]
    count = latest(made, sum(since is None or at > since for at, _ in decided))
    told: dict[str, Any] = {"samples": len(base) + len(made), "decisions": len(made)}
    against = f"新决定不到 {FEWEST} 条，没有比较" if decided else "没有决定可供比较"
    version = ""
    if count:
        shipped = shipped_model(studio.tables)
        found = trial(own or shipped, base, made, count, studio.tables, shipped)
        told |= {"compared": count, "asked": found.asked, "old_right": found.old, "new_right": found.new}
        against = f"最近 {count} 条决定的 {found.asked} 个答案，旧模型答对 {found.old}，新模型答对 {found.new}"
        if not (found.passed or force):
            version = (own or shipped).version
            against += f"：新模型较差，没有换，仍用 {version}"
    if not version:
        taught = [*base, *made]
        model = train(taught, words, names=names)
        beside = None if "category" in model.heads else shipped_model(studio.tables)
        model = handed(model, taught, studio.tables, beside)
        service.put_in_service(where, model)
        told, version = told | {"in_service": True}, model.version
        against += f"。用 {told['samples']} 条样本（{_taught(model)}）训练了模型 {version}，已投入使用，放在 {where}"
    told = {"in_service": False, **told, "seconds": round(time.perf_counter() - began, 1)}
    _keep(studio, Step(studio.clock(), studio.by, "train", version, **told), against)
    return against, {**told, "model": version, "folder": where}


def _taught(model: Model) -> str:
    """What it learnt to tell apart: 类别 7 种、承办单位 31 种."""
    from classifier.evaluate import QUESTIONS

    told = ("category", "detail", "kind", "unit")
    return (
        "、".join(f"{QUESTIONS[q]} {len(model.heads[q].labels)} 种" for q in told if q in model.heads) or "只有是否诉求"
    )


def rollback(studio: Studio) -> Step:
    """Put the model before, at last the shipped one, back in service; raises ModelError when there is none."""
    from classifier.shipped import shipped_model

    before = service.rollback(studio.folder)
    version = (before or shipped_model(studio.tables)).version
    step = Step(studio.clock(), studio.by, "rollback", version, True)
    _keep(studio, step, f"退回{'' if before else '随软件发布的'}模型 {version}")
    return step


def _keep(studio: Studio, step: Step, said: str) -> None:
    record(studio.folder, step)
    if studio.city:
        what = "训练模型" if step.act == "train" else "退回模型"
        with studio.city.store.transaction():
            studio.city.store.people.record(AuditEntry(step.at, step.by, what, step.model, said))


def decided(city: City) -> list[tuple[datetime, Sample]]:
    """The desk's decisions as samples, oldest first: what was accepted or corrected, and what was no request."""
    from classifier.samples import Sample

    return [
        (
            d.at,
            Sample(
                post.text,
                category=d.category,
                kind=d.kind.value if d.kind else None,
                unit=d.unit,
                is_request=d.action is not Action.REJECT,
            ),
        )
        for post, d in city.store.decisions.samples()
    ]
