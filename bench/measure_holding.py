"""How well a holding reply (收到, 已转交) is told from an answer of substance: labels read by hand, and the demo's replies.

    python -m bench.measure_holding [FOLDER] [--errors]     FOLDER: where replies.csv is, else ../shared/data

Two random samples (seed 20110725) of real replies, read by hand. ``holding.csv``: 200 of all of them, of which few are
holding. ``holding_short.csv``: 253 of those of at most 120 characters, where half are, so that recall means something
(cut-off texts are left out). Holding is what says nothing of the matter: received, passed on and to whom, under way,
thanks. Every other one (in the files' order) served to tune the rules, the others are what is reported. The errors shown
are those of the tuning halves only.
"""

from __future__ import annotations

import csv
import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ticketing.holding import is_holding

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "shared" / "data"
Case = tuple[str, bool]
SAMPLES = {"随机抽取": "holding.csv", "短答复里抽取": "holding_short.csv"}


def main() -> None:
    given = [a for a in sys.argv[1:] if not a.startswith("--")]
    folder = Path(given[0]) if given else FOLDER
    row("演示的答复", list(made()))
    if not (folder / "replies.csv").is_file():
        print(f"跳过：{folder} 里没有 replies.csv；真实答复不随项目发布，放到那里再运行")
        return
    for name, labels in SAMPLES.items():
        cases = labelled(folder / "replies.csv", labels)
        row(f"{name}，调规则的一半", cases[::2])
        row(f"{name}，另一半", cases[1::2])
        if "--errors" in sys.argv:
            for body, holding in cases[::2]:
                if is_holding(body) != holding:
                    print("应是暂复" if holding else "应是实质", body[:120])


def labelled(path: Path, labels: str) -> list[Case]:
    """(reply, is it holding?) of the labelled rows, in the order of the labels."""
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as file:
        replies = {r["id"]: r["reply"] for r in csv.DictReader(file)}
    with (HERE / "labels" / labels).open(encoding="utf-8", newline="") as file:
        return [(replies[r["id"]], r["label"] == "holding") for r in csv.DictReader(file) if r["id"] in replies]


def made() -> Iterator[Case]:
    """The demo's replies, filled in at random."""
    texts = tomllib.loads((HERE.parent / "demo" / "texts" / "replies.toml").read_text(encoding="utf-8"))
    chance = random.Random(20110725)
    for sort in ("holding", "office"):
        yield from ((t.replace("{unit}", "市水务集团"), True) for t in texts[sort])
    for family in texts["answers"].values():
        for text in family:
            yield text.replace("{day}", str(chance.randint(1, 28))).replace("{unit}", "市水务集团"), False


def row(name: str, cases: Sequence[Case]) -> None:
    said = [(is_holding(body), holding) for body, holding in cases]
    right = sum(s and h for s, h in said)
    told, held = sum(s for s, _ in said), sum(h for _, h in said)
    wrong = sum(s != h for s, h in said)
    precision = f"{right / told:.2f}（{right}/{told}）" if told else "—"
    recall = f"{right / held:.2f}（{right}/{held}）" if held else "—"
    print(f"{name:<24} 条数 {len(cases):>4}  精确率 {precision}  召回率 {recall}  错 {wrong}")


if __name__ == "__main__":
    main()
