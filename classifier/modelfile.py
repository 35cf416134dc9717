"""A model as one file: a zip of arrays (.npy, read without pickle) and JSON, with a hash over all of it.

A file that is damaged, foreign or made by another version of the format is refused with a sentence (ModelError).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifier import marks
from classifier.calibration import Calibration
from classifier.features import BITS, Features
from classifier.model import Handed, Head, Model, Names
from data.problem import Problem

FORMAT = 3
LARGEST = 64 << 20  # bytes of all members, unpacked
MEMBERS = 64
# What zipfile, json and numpy raise for a file that is not what it should be.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, MemoryError),
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
)


class ModelError(Problem):
    """A model file that cannot be used; the message says which, why, and what to do."""


def save(model: Model, path: Path) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in _members(model).items():
                archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path) -> Model:
    """The model in ``path``; raises ModelError with a sentence in Chinese."""
    try:
        return _read(path)
    except ModelError:
        raise
    except FileNotFoundError:
        raise ModelError(f"{path}: 没有这个模型文件；请先运行 liandong train") from None
    except OSError as error:
        raise ModelError(f"{path}: 读不了这个模型文件（{error.strerror}）") from None
    except DAMAGE:
        raise ModelError(
            f"{path}: 不是联动的模型文件，或已损坏；请重新训练，或用 train --rollback 退回上一个"
        ) from None


def stamped(model: Model) -> Model:
    """The model with its version: format and the first digits of its hash."""
    return replace(model, version=f"{FORMAT}-{_digest(_content(model))[:12]}")


def _content(model: Model) -> dict[str, bytes]:
    """Everything the model is made of except its name."""
    f = model.features
    header = {
        "format": FORMAT,
        "vocabulary": f.vocabulary,
        "city": f.city,
        "engine": f.engine,
        "names": model.names,
        "handed": {"units": model.handed.units, "labels": model.handed.labels} if model.handed else None,
        "heads": {
            n: {
                "labels": h.labels,
                "scale": h.calibration.scale,
                "wrong": h.calibration.wrong,
                "samples": h.samples,
                "sure": h.sure,
            }
            for n, h in model.heads.items()
        },
    }
    arrays: dict[str, Any] = {"buckets": f.buckets, "marks": f.marks, "weight": f.weight}
    for name, head in model.heads.items():
        arrays |= {f"{name}.weights": head.weights, f"{name}.scale": head.scale}
        arrays |= {f"{name}.bias": head.bias, f"{name}.shift": head.calibration.shift}
    if model.handed:
        arrays["handed"] = model.handed.counts
    text = json.dumps(header, ensure_ascii=False, sort_keys=False).encode()
    return {"model.json": text} | {f"{n}.npy": _npy(a) for n, a in arrays.items()}


def _members(model: Model) -> dict[str, bytes]:
    content = _content(model)
    seal = {"liandong": "model", "format": FORMAT, "version": model.version, "sha256": _digest(content)}
    return {"seal.json": json.dumps(seal).encode()} | content


def _digest(content: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in sorted(content):
        whole.update(f"{name}:{len(content[name])}\n".encode())
        whole.update(content[name])
    return whole.hexdigest()


def _npy(array: Any) -> bytes:
    target = io.BytesIO()
    np.lib.format.write_array(target, np.ascontiguousarray(array), allow_pickle=False)
    return target.getvalue()


def _read(path: Path) -> Model:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MEMBERS or sum(e.file_size for e in entries) > LARGEST:
            raise ModelError(f"{path}: 模型文件里的内容过大，不是联动写出的文件")
        content = {e.filename: archive.read(e) for e in entries}
    seal = json.loads(content.pop("seal.json"))
    if seal.get("liandong") != "model":
        raise ModelError(f"{path}: 不是联动的模型文件")
    if seal.get("format") != FORMAT:
        raise ModelError(f"{path}: 模型文件的格式是第 {seal.get('format')} 版，本程序用第 {FORMAT} 版；请重新训练")
    if seal.get("sha256") != _digest(content):
        raise ModelError(
            f"{path}: 模型文件与它的校验值不符，已损坏或被改过；请重新训练，或用 train --rollback 退回上一个"
        )
    return _model(str(seal["version"]), content)


def _model(version: str, content: Mapping[str, bytes]) -> Model:
    header = json.loads(content["model.json"])
    split = len(header["vocabulary"])
    buckets, marked = _numbers(content, "buckets", 1 << BITS), _numbers(content, "marks", 1 << marks.BITS)
    weight = _array(content, "weight", np.float32, (split + len(buckets) + len(marked),))
    words, city = tuple(header["vocabulary"]), tuple(header["city"])
    features = Features(words, buckets, weight, city, str(header["engine"]), marked)
    heads = {n: _head(content, n, h, features.size) for n, h in header["heads"].items()}
    handed = _handed(content, header["handed"]) if header.get("handed") else None
    return Model(version, features, heads, _names(header.get("names", {})), handed)


def _handed(content: Mapping[str, bytes], header: Mapping[str, Any]) -> Handed:
    units, labels = tuple(map(str, header["units"])), tuple(map(str, header["labels"]))
    return Handed(units, labels, _array(content, "handed", np.float32, (len(units), len(labels))))


def _names(header: Mapping[str, Mapping[str, str]]) -> Names:
    return {str(q): {str(label): str(name) for label, name in of.items()} for q, of in header.items()}


def _head(content: Mapping[str, bytes], name: str, header: Mapping[str, Any], size: int) -> Head:
    labels = tuple(str(label) for label in header["labels"])
    return Head(
        labels,
        _array(content, f"{name}.weights", np.int8, (size, len(labels))),
        _array(content, f"{name}.scale", np.float32, (size,)),
        _array(content, f"{name}.bias", np.float32, (len(labels),)),
        Calibration(
            float(header["scale"]),
            _array(content, f"{name}.shift", np.float32, (len(labels),)),
            float(header["wrong"]),
        ),
        int(header["samples"]),
        None if (sure := header.get("sure")) is None else float(sure),
    )


def _numbers(content: Mapping[str, bytes], name: str, below: int) -> Any:
    numbers = _array(content, name, np.int32, None)
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() < below):
        raise ValueError(name)
    return numbers


def _array(content: Mapping[str, bytes], name: str, kind: Any, shape: tuple[int, ...] | None) -> Any:
    array = np.lib.format.read_array(io.BytesIO(content[f"{name}.npy"]), allow_pickle=False)
    if array.dtype != kind or (shape is not None and array.shape != shape) or (shape is None and array.ndim != 1):
        raise ValueError(name)
    return array
