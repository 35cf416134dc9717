"""The models of a city: the one in service, and those before it, to go back to."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from classifier.model import Model
from classifier.modelfile import ModelError, load, save

POINTER = "in-service"  # a text file: the names of model files, the one in service last
KEPT = 5


def in_service(folder: Path) -> Model | None:
    """The model in service in ``folder``; None where there is none. Raises ModelError for a damaged one."""
    names = _names(folder)
    return load(folder / names[-1]) if names else None


def kept(folder: Path) -> list[str]:
    """The names of the models there are, the one in service last. Raises ModelError."""
    return _names(folder)


def since(folder: Path) -> datetime | None:
    """When the model in service was made; None where there is none."""
    names = _names(folder)
    try:
        return datetime.fromtimestamp((folder / names[-1]).stat().st_mtime, UTC) if names else None
    except OSError:
        return None


def put_in_service(folder: Path, model: Model) -> Path:
    """Save ``model`` and put it in service; the KEPT before it stay for rollback."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model.version}.model"
    save(model, path)
    names = [n for n in _names(folder) if n != path.name] + [path.name]
    _point(folder, names[-KEPT:])
    for old in names[:-KEPT]:
        (folder / old).unlink(missing_ok=True)
    return path


def rollback(folder: Path) -> Model | None:
    """Put the model before back in service and return it; None where that is the shipped one. Raises ModelError when
    none of the city's own is in service."""
    names = _names(folder)
    if not names:
        raise ModelError(f"{folder}: 用的就是随软件发布的模型，没有更早的模型可以退回")
    model = load(folder / names[-2]) if names[1:] else None
    _point(folder, names[:-1])
    return model


def _names(folder: Path) -> list[str]:
    try:
        lines = (folder / POINTER).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{folder / POINTER}: 读不了；请重新训练") from None
    return [n for n in lines if Path(n).name == n and n.endswith(".model")]


def _point(folder: Path, names: list[str]) -> None:
    part = folder / f"{POINTER}.part"
    part.write_text("\n".join(names) + "\n", encoding="utf-8")
    os.replace(part, folder / POINTER)
