"""Write requirements.txt and requirements-dev.txt: the exact versions of everything this environment runs with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def closure(name: str, extra: str = "") -> dict[str, str]:
    """Name -> version of everything ``name`` needs here, itself left out."""
    found: dict[str, str] = {}
    waiting = [(name, extra)]
    while waiting:
        current, wanted = waiting.pop()
        for line in distribution(current).requires or []:
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": wanted}):
                continue
            key = requirement.name.lower().replace("_", "-")
            try:
                version = distribution(requirement.name).version
            except PackageNotFoundError:
                continue
            if key not in found:
                found[key] = version
                waiting += [(requirement.name, extra) for extra in ("", *requirement.extras)]
    return found


def main() -> None:
    run = closure("liandong")
    dev = {k: v for k, v in closure("liandong", "dev").items() if k not in run}
    for file, pins, first in (("requirements.txt", run, ""), ("requirements-dev.txt", dev, "-r requirements.txt\n")):
        head = f"# Written by `make pins`.\n{first}"
        (ROOT / file).write_text(head + "".join(f"{k}=={v}\n" for k, v in sorted(pins.items())), encoding="utf-8")


if __name__ == "__main__":
    main()
