"""The tables as they stand written back to a city's files, so that files → store → files loses nothing.

A file that says the same already is left as it is, with its comments and its layout; one that is replaced is kept
beside it as ``.bak``, and the comment a TOML file opens with stays.
"""

from __future__ import annotations

import tempfile
from itertools import takewhile
from pathlib import Path

from data.reference import FILES, Reference, ReferenceError, dump, entries


def export(reference: Reference, folder: Path) -> tuple[str, ...]:
    """Write the tables that differ from the files in ``folder``; returns the names of the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as fresh:
        dump(reference, Path(fresh))
        for table, file in FILES.items():
            if not _says(folder / file, table, reference):
                _put(Path(fresh) / file, folder / file)
                written.append(file)
    return tuple(written)


def _says(path: Path, table: str, reference: Reference) -> bool:
    try:
        return bool(tuple(entries(table, path)) == getattr(reference, table))
    except ReferenceError:
        return False


def _put(fresh: Path, path: Path) -> None:
    if path.exists():
        if path.suffix == ".toml":
            fresh.write_text(_opening(path) + fresh.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
        path.replace(path.with_name(f"{path.name}.bak"))
    fresh.replace(path)


def _opening(path: Path) -> str:
    """The comment a file begins with."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    opening = list(takewhile(lambda line: not line.strip() or line.startswith("#"), lines))
    return "".join(f"{line}\n" for line in opening)
