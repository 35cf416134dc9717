"""What became of the models of a city: each training, with its figures against the one before, and each going back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

FILE = "history.jsonl"
LONGEST = 200  # steps read


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the model in service, or a training whose model was not good enough (``in_service`` False)."""

    at: datetime
    by: str
    act: str  # train or rollback
    model: str  # version in service afterwards
    in_service: bool  # is that a new one?
    samples: int = 0
    decisions: int = 0  # among the samples, made at the desk
    compared: int = 0  # latest decisions both were asked about; 0: too few to compare
    asked: int = 0
    old_right: int = 0
    new_right: int = 0
    seconds: float = 0.0


def record(folder: Path, step: Step) -> None:
    """Add a step to the folder's history."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(step), ensure_ascii=False, default=datetime.isoformat)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def steps(folder: Path) -> list[Step]:
    """The newest first; a line that cannot be read is passed over."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [*_read(lines[-LONGEST:])][::-1]


def _read(lines: list[str]) -> Iterator[Step]:
    for line in lines:
        try:
            said: dict[str, Any] = json.loads(line)
            yield Step(**{**said, "at": datetime.fromisoformat(said["at"])})
        except (ValueError, TypeError, KeyError):
            continue
