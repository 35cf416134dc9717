"""A day of filings, notices and verdicts, with a fault at every point in turn; what was lost, doubled or judged wrongly.

    python -m bench faults [--full] [--postgresql]      a sample in a minute; every point in half an hour of one core

With ``--postgresql`` the day is kept on a server made for it: the wire is cut there, and the power and the length of a
file are not this machine's to cut. The day is ``tests.day``: a dozen threads, seven turns, eleven tickets, every verdict. Each trial is begun again from the
turn its fault falls in, in a process that really dies (SIGKILL), and ends where the day ends, or where a trial before
it stood in the same durable state (one in twenty of those is played on all the same, to see that it ends the same).
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests import day as days
from tests.day import TURNS, Day, Outcome, Score, a_day
from tests.server import a_server

ANSWERS = ("hang", "500", "500-kept", "garbage", "close", "503", "json:{}", "json:[]", "json:null")
QUESTIONS = ("ok", "500", "garbage", "hang", "close", "json:null")
SEED = 20110725
Trial = tuple[str, str, Outcome, int]


def main(quick: bool = True, postgresql: bool = False) -> None:
    """Print how many faults of each kind were tried and what they did; exits 1 if they did anything."""
    began, shm = time.monotonic(), Path("/dev/shm")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None))
        day = stack.enter_context(a_day(Path(folder) / "city", stack.enter_context(a_server()) if postgresql else None))
        plain, score = day.plain(), Score()
        for tried in (killed, cut_off if postgresql else unplugged, misanswered, full, doubled, set_back):
            for kind, name, found, deaths in tried(day, quick):
                before = amiss(score)
                score.add(kind, name, found, plain, deaths)
                for words in amiss(score)[len(before) :]:
                    print(f"!!! {kind}: {words}", flush=True)
            wrong = len(amiss(score))
            print(f"… {tried.__name__}: {sum(score.tried.values())} tried so far, {wrong} amiss", flush=True)
    for kind, count in score.tried.items():
        print(f"{kind:32}{count:6}")
    print(f"{'faults tried':32}{sum(score.tried.values()):6}    in {time.monotonic() - began:.0f} s")
    for name in ("lost", "duplicated", "wrong", "other"):
        found_ = getattr(score, name)
        print(f"{name:32}{len(found_):6}    {'; '.join(found_[:5])}")
    print(f"{'listed for a person':32}{score.listed:6}")
    if amiss(score):
        sys.exit(1)


def amiss(score: Score) -> list[str]:
    return [*score.lost, *score.duplicated, *score.wrong, *score.other]


def killed(day: Day, quick: bool) -> Iterator[Trial]:
    """Killed at each point of each turn; and killed again when started anew."""
    chance = random.Random(SEED)
    points = [(turn, p) for turn, start in enumerate(day.starts) for p in range(1, start.points + 1)]
    for turn, point in chance.sample(points, 14) if quick else points:
        yield ("killed once", f"killed at {turn}/{point}", *days.killed(day, turn, point))
    for turn, point in chance.sample(points, 4 if quick else 60):
        again = chance.randint(1, day.starts[turn].points)
        yield ("killed twice", f"killed at {turn}/{point} and {again}", *days.killed(day, turn, point, again))


def unplugged(day: Day, quick: bool) -> Iterator[Trial]:
    """The power cut where it takes more than a death does: commits that were not waited for."""
    points = [(turn, point) for turn, start in enumerate(day.starts) for point in start.at_risk]
    for turn, point in random.Random(SEED).sample(points, min(8, len(points))) if quick else points:
        yield ("power cut", f"power cut at {turn}/{point}", *days.unplugged(day, turn, point))


def cut_off(day: Day, quick: bool) -> Iterator[Trial]:
    """The wire to the database server cut at each point."""
    points = [(turn, p) for turn, start in enumerate(day.starts) for p in range(1, start.points + 1)]
    for turn, point in random.Random(SEED).sample(points, 12) if quick else points:
        yield "wire cut", f"cut at {turn}/{point}", days.cut_off(day, turn, point), 1


def misanswered(day: Day, quick: bool) -> Iterator[Trial]:
    """Each filing and notice answered in every wrong way; the office's answer to our question wrong as well."""
    counts = [len(start.answered) for start in day.starts]
    acts = [(turn, post) for turn, n in enumerate(counts) for post in range(n)]
    ways = [(turn, post, how) for turn, post in acts for how in ANSWERS]
    for turn, post, how in random.Random(SEED).sample(ways, 8) if quick else ways:
        yield "answered wrongly", f"{turn}/{post} {how}", days.misanswered(day, turn, post, how), 0
    both = [(turn, post, word) for turn, post in acts for word in QUESTIONS[1:] if turn]
    for turn, post, word in random.Random(SEED).sample(both, 3) if quick else both:
        found = days.misanswered(day, turn, post, "close", word)
        yield "and asked, answered wrongly", f"{turn}/{post} {word}", found, 0


def full(day: Day, quick: bool) -> Iterator[Trial]:
    """No more pages than so many, no file longer than so many bytes, for one turn."""
    for turn in (0, 3) if quick else range(len(TURNS)):
        for pages in (2,) if quick else range(12):
            found, felt = days.full(day, turn, pages=pages)
            yield "disk full" if felt else "disk nearly full", f"{turn} {pages} pages", found, 1
        if day.server:
            continue
        for size in (40_000,) if quick else range(0, 240_000, 16_000):
            found, felt = days.full(day, turn, file_size=size)
            yield "file too large" if felt else "file nearly too large", f"{turn} {size} bytes", found, 1


def doubled(day: Day, quick: bool) -> Iterator[Trial]:
    for turn in (0, 3) if quick else [t for t in range(len(TURNS)) for _ in range(5)]:
        yield "two runs together", f"two in {turn}", days.doubled(day, turn), 0


def set_back(day: Day, quick: bool) -> Iterator[Trial]:
    for turn in (3,) if quick else range(len(TURNS)):
        yield "clock set back an hour", f"back from {turn}", days.set_back(day, turn), 0


if __name__ == "__main__":
    main(quick="--full" not in sys.argv, postgresql="--postgresql" in sys.argv)
