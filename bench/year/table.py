"""The replay's table: what was driven, what it cost against the obvious version, where the time went, and whether all agrees."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from bench.year import obvious, truth
from bench.year.drive import Driver, Replay, Tenth
from bench.year.spent import Spent
from data.reference import load
from tests.server import a_server

QUICK_DAYS = 3
MOST_GROWTH = 1.2


def main(quick: bool = True, postgresql: bool = False) -> None:
    """A few days, or with ``--full`` the year."""
    play(scale=1.0, days=QUICK_DAYS if quick else 365, postgresql=postgresql)


def play(scale: float = 1.0, days: int = 365, seed: int = 1, postgresql: bool = False) -> None:
    """Print the table; exits 1 where a figure differs from its truth. ``postgresql``: the city is kept on a server made for it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(a_server(durable=True)) if postgresql else None
        kept: dict[str, Any] = {"database": server.database(), "server": server.processor} if server else {}
        rival = stack.enter_context(obvious.rival(load(), Path(folder)))
        replay = Driver(Path(folder), seed, scale, days, rival=rival, **kept).play(_progress)
        found = truth.figures(replay)
        show(replay)
        _beside(replay)
        wrong = [f for f in found if not f.agrees]
        for figure in wrong:
            print(f"  DIFFERS {figure.name}: found {figure.found}, true {figure.true}")
        print(f"  {len(found) - len(wrong)} of {len(found)} figures equal to the truth")
        for name, said in truth.surges(replay).items():
            print(f"  {name}: {said}")
        replay.city.store.close()
    if wrong:
        sys.exit(1)


def _progress(day: date, filed: int, spent: Spent) -> None:
    print(f"  {day} {filed:,} tickets, {spent.each(filed)} each so far", flush=True)


def _beside(replay: Replay) -> None:
    """One day's work the obvious way, and whether a ticket costs more as the year goes on."""
    work, ours, theirs = replay.sample, replay.sample_spent, replay.sample_rival
    print(
        f"  one day, {work.tickets} tickets, {len(work.pages):,} pages, {work.rows:,} rows: {ours.each(work.tickets)} a ticket; "
        f"the obvious version {theirs.each(work.tickets)}: {theirs.times(ours)}"
    )
    if len(replay.tenths) == 10:
        (first, last), yardsticks = _costs(replay.tenths)
        print(f"  a ticket in the last tenth against the first: {last.times(first)} (at most {MOST_GROWTH});")
        print(f"    the same small work, done every day the obvious way: {yardsticks[1].times(yardsticks[0])}")


def _costs(tenths: Sequence[Tenth]) -> tuple[tuple[Spent, Spent], tuple[Spent, Spent]]:
    """Of the first tenth and of the last: a ticket, and a day's yardstick."""
    first, before, last = tenths[0], tenths[-2], tenths[-1]
    tickets = first.spent / first.filed, (last.spent - before.spent) / (last.filed - before.filed)
    yardsticks = first.yardstick / first.days, (last.yardstick - before.yardstick) / (last.days - before.days)
    return tickets, yardsticks


def show(replay: Replay) -> None:
    """What it took."""
    filed, total = replay.world.counts["filed"], replay.clocked.total + Spent(0.0, replay.server)
    print(
        f"{len(replay.plan.days)} days: {replay.world.counts['posts']:,} posts, {filed:,} tickets, {replay.cycles:,} cycles, "
        f"{replay.pages:,} pages read, {sum(replay.outside.notices.values()):,} messages sent"
    )
    print(
        f"  product {total.clock:.0f} s, {total.processor:.0f} of the processor ({total.each(filed)} a ticket); "
        f"the world {replay.outside.spent.clock:.0f} s"
    )
    for name, taken in sorted(replay.clocked.spent.items(), key=lambda item: -item[1].clock):
        share = 100 * taken.processor / total.processor
        print(f"    {name:28}{taken.clock:8.1f} s{taken.processor:8.1f} of the processor{share:6.1f} %")
    if replay.server:
        share = 100 * replay.server / total.processor
        print(f"    {'PostgreSQL itself':28}{'':10}{replay.server:8.1f} of the processor{share:6.1f} %")
    print(f"  memory at most {replay.peak / 2**20:.0f} MiB; accepted as suggested {replay.right:,}")
