"""Sends what is due in the city whose folder is given: a process of its own for the tests to kill."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from data.city import open_city
from ticketing.outbox import send_due


def main(folder: str, now: str, holder: str) -> None:
    moment = datetime.fromisoformat(now)
    print(dict(send_due(open_city(Path(folder)), lambda: moment, holder)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
