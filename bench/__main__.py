"""``python -m bench``: every benchmark in turn, quick unless ``--full``; each prints ratios against a named rival."""

from __future__ import annotations

import argparse
from importlib import import_module

BENCHMARKS = ("parse", "crawl", "classify", "latency", "barometer", "cycle", "faults")


def main() -> None:
    """Run the benchmarks named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without one")
    parser.add_argument("--full", action="store_true", help="the sizes the documents quote; minutes, not seconds")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    for name in given.names or BENCHMARKS:
        print(f"== {name}")
        import_module(f"bench.{name}").main(quick=not given.full)


if __name__ == "__main__":
    main()
