"""The replay's table: what was driven, what it cost against the obvious version, where the time went, and whether all agrees."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.year import obvious, truth
from bench.year.drive import Driver, Replay

QUICK_DAYS = 3
MOST_GROWTH = 1.2


def main(quick: bool = True) -> None:
    """A few days, or with ``--full`` the year."""
    play(scale=1.0, days=QUICK_DAYS if quick else 365)


def play(scale: float = 1.0, days: int = 365, seed: int = 1) -> None:
    """Print the table; exits 1 where a figure differs from its truth."""
    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(Path(folder), seed, scale, days)
        replay = driver.play()
        found = truth.figures(replay)
        show(replay)
        _beside(replay, Path(folder))
        wrong = [f for f in found if not f.agrees]
        for figure in wrong:
            print(f"  DIFFERS {figure.name}: found {figure.found}, true {figure.true}")
        print(f"  {len(found) - len(wrong)} of {len(found)} figures equal to the truth")
        for name, said in truth.surges(replay).items():
            print(f"  {name}: {said}")
        replay.city.store.close()
    if wrong:
        sys.exit(1)


def _beside(replay: Replay, folder: Path) -> None:
    """The same day's work the obvious way."""
    ours = replay.sample_seconds / max(replay.sample.tickets, 1)
    theirs = obvious.cost(replay.sample, replay.city.reference(), folder)
    print(
        f"  one day, {replay.sample.tickets} tickets, {len(replay.sample.pages):,} pages, {replay.sample.rows:,} rows: "
        f"{1000 * ours:.1f} ms a ticket; the obvious version {1000 * theirs:.1f} ms, {theirs / ours:.1f} x"
    )
    if len(replay.tenths) == 10:
        counts, seconds = zip((0, 0.0), *replay.tenths, strict=True)
        costs = [(seconds[n + 1] - seconds[n]) / (counts[n + 1] - counts[n]) for n in range(10)]
        print(f"  a ticket in the last tenth against the first: {costs[-1] / costs[0]:.2f} x (at most {MOST_GROWTH})")


def show(replay: Replay) -> None:
    """What it took."""
    filed, seconds = replay.world.counts["filed"], replay.clocked.total
    print(
        f"{len(replay.plan.days)} days: {replay.world.counts['posts']:,} posts, {filed:,} tickets, {replay.cycles:,} cycles, "
        f"{replay.pages:,} pages read, {sum(replay.outside.notices.values()):,} messages sent"
    )
    print(
        f"  product {seconds:.0f} s ({1000 * seconds / max(filed, 1):.2f} ms a ticket); the world {replay.outside.seconds:.0f} s"
    )
    for name, taken in sorted(replay.clocked.seconds.items(), key=lambda item: -item[1]):
        print(f"    {name:28}{taken:8.1f} s{100 * taken / seconds:6.1f} %")
    print(f"  memory at most {replay.peak / 2**20:.0f} MiB; accepted as suggested {replay.right:,}")
