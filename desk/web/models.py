"""The administrator's page of models: which is in service, how it was trained and how it does; train, go back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from classifier import service
from classifier.history import Step, steps
from classifier.learning import FEWEST
from classifier.modelfile import ModelError
from data.city import City
from desk import training
from desk.web.context import me, now, the_city, the_reference

pages = Blueprint("models", __name__, url_prefix="/models")

LATELY = timedelta(days=90)  # decisions shown by model
USUAL = 30.0  # seconds a training is thought to take before the first was timed
COMMAND = (sys.executable, "-c", "from desk.cli import main; main()")  # training keeps a whole core busy: not ours


@dataclass
class Training:
    """The training under way, in a process of its own, and what came of the last one begun here."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    process: subprocess.Popen[str] | None = None
    began: float = 0.0
    said: str = ""
    ok: bool = True

    def begin(self, city: City, by: str) -> bool:
        """Start one; False while one is under way."""
        with self.lock:
            if self._running():
                return False
            line = [*COMMAND, "--dir", str(city.folder.resolve()), "train", "--json", "--by", by]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - our own command
            self.began, self.said = time.monotonic(), ""
            return True

    def seconds(self) -> float | None:
        """How long it has been under way; None when none is."""
        with self.lock:
            return time.monotonic() - self.began if self._running() else None

    def _running(self) -> bool:
        if self.process is None:
            return False
        if self.process.poll() is None:
            return True
        told, failed = self.process.communicate()
        self.ok = self.process.returncode == 0
        self.said = _sentence(told) if self.ok else failed.strip()[-300:] or "训练中断了"
        self.process = None
        return False


def _sentence(told: str) -> str:
    found = json.loads(told)
    if found["in_service"]:
        return f"训练好了：模型 {found['model']} 已投入使用"
    return f"训练好了，但新模型在最近的决定上较差，没有换；仍用 {found['model']}"


@pages.get("")
def index() -> str:
    """The model in service beside the one before; history; what clerks made of each model's suggestions."""
    city, problem, model = the_city(), "", None
    try:
        model = service.in_service(city.models)
    except ModelError as error:
        problem = str(error)
    history, under_way, latest = steps(city.models), _training().seconds(), _training()
    since = service.since(city.models)
    return render_template(
        "models.html",
        model=model,
        problem=problem,
        since=since,
        fresh=city.store.decisions.count_since(since),
        fewest=FEWEST,
        history=history,
        current=next((s for s in history if model and s.model == model.version and s.in_service), None),
        used=city.store.decisions.by_model(now() - LATELY),
        seconds=under_way,
        usual=next((s.seconds for s in history if s.seconds), USUAL),
        said=latest.said,
        ok=latest.ok,
        back=bool(service.kept(city.models)),
        answers=ANSWERS,
        outcome=_outcome,
    )


ANSWERS = {
    "request": "是不是诉求",
    "kind": "诉求类型",
    "category": "一级类别",
    "detail": "二级类别",
    "unit": "承办单位",
    "emergency": "是不是警情",
}


def _outcome(step: Step) -> str:
    """What a step came to, against the model before it."""
    if step.act == "rollback":
        return "退回这个模型"
    compared = f"新 {step.new_right} / 旧 {step.old_right}（{step.asked} 个答案）" if step.asked else "没有比较"
    return f"{'投入使用' if step.in_service else '较差，没有换'}；答对：{compared}"


def _training() -> Training:
    found: Training = current_app.extensions["training"]
    return found


@pages.post("/train")
def train() -> Response:
    """Begin a training; the page tells how it goes."""
    if _training().begin(the_city(), me().name):
        flash("开始训练；值班页面照常使用，训练好了、不比现用的差才会换上", "ok")
    else:
        flash("已经在训练了，请等它做完", "warn")
    return redirect(url_for("models.index"))


@pages.post("/rollback")
def rollback() -> Response:
    """The model before the one in service takes its place again."""
    city = the_city()
    try:
        step = training.rollback(training.Studio(city.models, the_reference(), me().name, now, city))
        flash(f"已退回模型 {step.model}；下一轮运行起用它", "ok")
    except ModelError as error:
        flash(str(error), "bad")
    return redirect(url_for("models.index"))
