"""Whose voice a reply is: the unit's own, the office's, another unit's, a look-alike's, or nobody's."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

from data.records import AccountRole
from data.reference import Account, Reference


class Voice(StrEnum):
    """What a reply's author is to a ticket; only OWN meets its clock."""

    OWN = "own"  # the unit itself, its parent or its successor
    OFFICE = "office-forwarded"  # the liaison office passing it on
    OTHER = "other-unit"
    LOOK_ALIKE = "look-alike"  # looks like an official account and is not
    NOBODY = "nobody"


# Letters that are taken for each other in account names.
_CONFUSED = str.maketrans({"1": "l", "i": "l", "|": "l", "0": "o", "5": "s", "2": "z"})
_NOT_A_LETTER = re.compile(r"[\W_]+")
ALIKE = 0.8  # share of equal characters from which a longer name is taken for an official one


class Voices:
    """Tells voices apart on the boards of one city."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._accounts: Mapping[tuple[str, str], list[Account]] = _grouped(reference)
        self._skeletons: dict[str, set[str]] = defaultdict(set)
        self._looks = lru_cache(maxsize=1 << 14)(self._looks_official)
        for account in reference.accounts:
            self._skeletons[account.board].add(skeleton(account.account))

    def official(self, board: str, author: str | None, on: date) -> Account | None:
        """The account ``author`` is on ``board`` that day; the name must be the very same, letter by letter."""
        entries = self._accounts.get((board, author or ""), [])
        return next((a for a in entries if (a.valid_from or on) <= on <= (a.valid_to or on)), None)

    def voice(self, board: str, author: str | None, unit: str, on: date) -> Voice:
        """What ``author`` is to a ticket of ``unit``."""
        account = self.official(board, author, on)
        if account is None:
            return Voice.LOOK_ALIKE if author and self.looks_official(board, author) else Voice.NOBODY
        if account.role is AccountRole.OFFICE:
            return Voice.OFFICE
        return Voice.OWN if account.unit in self.reference.lineage(unit) else Voice.OTHER

    def looks_official(self, board: str, author: str) -> bool:
        """Could a reader take ``author`` for an official account of this board?"""
        return self._looks(board, skeleton(author))

    def _looks_official(self, board: str, shape: str) -> bool:
        known = self._skeletons.get(board, set())
        return shape in known or any(_alike(shape, other) for other in known)


@lru_cache(maxsize=1 << 16)
def skeleton(name: str) -> str:
    """``name`` as the eye takes it: full-width letters folded, case gone, confusable letters made one."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFKC", name).casefold()).translate(_CONFUSED)


@lru_cache(maxsize=1 << 16)
def _alike(a: str, b: str) -> bool:
    short = min(len(a), len(b))
    if short < 4 or 2 * short < ALIKE * (len(a) + len(b)):  # most names differ in length, and need no matcher
        return False
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def voices_of(reference: Reference) -> Voices:
    """The voices of ``reference``; made once for as long as the tables stand as they are."""
    global _made
    if _made is None or _made.reference is not reference:
        _made = Voices(reference)
    return _made


_made: Voices | None = None


def _grouped(reference: Reference) -> dict[tuple[str, str], list[Account]]:
    groups: dict[tuple[str, str], list[Account]] = defaultdict(list)
    for account in reference.accounts:
        groups[account.board, account.account].append(account)
    return dict(groups)
