"""What people and units do under a post: other citizens, the unit in charge, the office, and voices that do not count."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.records import AccountRole
from data.reference import Account, Reference
from demo.clock import CITY
from demo.matters import Phrases
from demo.plot import whole
from demo.thread import Answer, Fate, Thread, Voice
from demo.writing import author

HOLDING = "holding"
SUBSTANCE = "substance"
SILENT = frozenset({Fate.OLD, Fate.SPONTANEOUS, Fate.DELETED, Fate.DELETED_UNSEEN, Fate.LOGIN})
DECOY_ONLY = {
    Fate.LOOK_ALIKE_ONLY: Voice.LOOK_ALIKE,
    Fate.OFFICE_ONLY: Voice.OFFICE,
    Fate.OTHER_UNIT_ONLY: Voice.OTHER_UNIT,
}
ALIKE = str.maketrans({"i": "1", "l": "1", "o": "0", "q": "g"})


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who may answer in a thread of this city."""

    reference: Reference
    phrases: Phrases
    families: dict[str, str]  # matter slug -> family of replies

    def crowd(self, thread: Thread, rng: random.Random) -> None:
        """Other citizens' replies, from minutes to hours after the post; none on 人民网."""
        if thread.board == "people":
            return
        count = rng.choices((0, rng.randint(1, 3), rng.randint(4, 8), rng.randint(11, 16)), (35, 48, 13, 4))[0]
        after = sorted(rng.expovariate(1 / 5400) + 60 for _ in range(count))
        for seconds in after:
            at = whole(thread.board, thread.posted_at + timedelta(seconds=seconds))
            text = rng.choice(self.phrases.citizens).format(n=rng.randint(2, 9))
            thread.add(Answer(thread.next_id(), author(thread.board, rng), at, text))

    def unit_answers(self, thread: Thread, rng: random.Random, at: datetime, holding: bool = False) -> None:
        """The unit, through its own account or its parent's, answers at ``at``."""
        family = self.phrases.answers.get(self.families[thread.matter], ())
        text = rng.choice(self.phrases.holding if holding or not family else family)
        name = self._account(thread, rng, at)
        thread.add(Answer(thread.next_id(), name, whole(thread.board, at), text, Voice.UNIT, True, holding))

    def react(self, thread: Thread, rng: random.Random, noticed: datetime) -> None:
        """Plan what follows the notice, all of it later than ``noticed``."""
        if thread.filed_at is None or thread.fate in SILENT:
            return
        soon = noticed + timedelta(seconds=rng.randint(130, 1500))
        decoy = DECOY_ONLY.get(thread.fate)
        if decoy or rng.random() < 0.2:
            self._decoy(thread, rng, soon, decoy or rng.choices(DECOYS, (6, 2, 2))[0])
        if decoy:
            return
        earliest = noticed + timedelta(minutes=3)
        for what, after in _plan(thread.fate, rng):
            self.unit_answers(thread, rng, max(thread.filed_at + after, earliest), what == HOLDING)

    def _decoy(self, thread: Thread, rng: random.Random, at: datetime, voice: Voice) -> None:
        if voice is Voice.LOOK_ALIKE and thread.board == "people":
            voice = Voice.OTHER_UNIT  # there the organisation is the account; nobody can imitate it
        at = whole(thread.board, at)
        name, texts = self._stranger(thread, rng, at, voice)
        text = rng.choice(texts).format(unit=self.reference.unit[thread.unit].name)
        thread.add(Answer(thread.next_id(), name, at, text, voice))

    def _stranger(self, thread: Thread, rng: random.Random, at: datetime, voice: Voice) -> tuple[str, tuple[str, ...]]:
        there = [a for a in self.reference.accounts if a.board == thread.board and _valid(a, at)]
        office = [a.account for a in there if a.role is AccountRole.OFFICE]
        if voice is Voice.OFFICE and office:
            return rng.choice(office), self.phrases.office
        if voice is Voice.LOOK_ALIKE:
            taken = {a.account for a in self.reference.accounts}
            real = rng.choice([self._account(thread, rng, at), *office])
            return rng.choice([n for n in alike(real) if n not in taken]), self.phrases.look_alike
        ours = self.reference.lineage(thread.unit)
        others = [a for a in there if a.role is not AccountRole.OFFICE and a.unit not in ours]
        apart = [a.account for a in others if thread.unit not in self.reference.lineage(a.unit)]
        return rng.choice(apart), self.phrases.other_unit

    def _account(self, thread: Thread, rng: random.Random, at: datetime) -> str:
        ours = self.reference.lineage(thread.unit)
        there = [a for a in self.reference.accounts if a.board == thread.board and _valid(a, at)]
        may = [a for a in there if a.unit in ours and a.role is not AccountRole.OFFICE]
        if not may:
            raise LookupError(f"{thread.unit} has no account on {thread.board}, nor has its parent")
        own = [a.account for a in may if a.unit == thread.unit]
        return rng.choice(own) if own and rng.random() < 0.88 else rng.choice([a.account for a in may])


DECOYS = (Voice.OFFICE, Voice.OTHER_UNIT, Voice.LOOK_ALIKE)


def alike(name: str) -> Iterator[str]:
    """Names that look like ``name``: other digits and letters, full-width letters, a 客服 behind it."""
    if name.isascii():
        yield from {name.translate(ALIKE)} - {name}
        yield "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in name)
    else:
        yield f"{name}客服"
    yield f"{name}_"


def _plan(fate: Fate, rng: random.Random) -> Iterator[tuple[str, timedelta]]:
    """What the unit says how long after the filing: nothing, one answer, or a holding one and then the answer."""
    draw, gap = rng.random(), timedelta(seconds=rng.randint(3600, 6 * 3600))
    hours = timedelta(hours=1)
    if fate is Fate.EXACT:
        first = 4 * hours
    elif fate is Fate.EXACT_AFTER:
        first = 4 * hours + timedelta(seconds=1)
    elif draw < 0.62:
        first = timedelta(
            seconds=round(240 * (12_300 / 240) ** rng.random())
        )  # 4 min to 3 h 25, the short ones likelier
    elif draw < 0.70:
        first = 4 * hours + timedelta(seconds=rng.randint(-600, 600))
    elif draw < 0.85:
        first = timedelta(seconds=rng.randint(5 * 3600, 12 * 3600))
    else:
        return
    holding = rng.random()
    yield (HOLDING if holding < 0.32 else SUBSTANCE), first
    if holding < 0.25:
        yield SUBSTANCE, first + gap


def _valid(account: Account, at: datetime) -> bool:
    day = at.astimezone(CITY).date()
    return (account.valid_from is None or account.valid_from <= day) and (
        account.valid_to is None or day <= account.valid_to
    )
