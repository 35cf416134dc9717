"""What a run did is told in the words of staff, whatever it counted."""

from __future__ import annotations

import pytest

from data.records import VerdictName
from desk.stages import STAGES, words
from tests.build import MakeCity
from ticketing import cycle, urging
from ticketing.attempt import Result
from ticketing.outbox import SENDERS


def test_every_stage_of_a_run_has_a_name(make_city: MakeCity) -> None:
    city = make_city('[automatic]\nmode = "shadow"\n[office]\nurl = "http://127.0.0.1:9/"\n')
    stages = cycle._stages(city, lambda: None, None, "")  # type: ignore[arg-type, return-value]
    assert set(stages) | {"heartbeat", "digest"} == set(STAGES)


@pytest.mark.parametrize("channel", SENDERS)
@pytest.mark.parametrize("result", Result)
def test_how_an_act_ended_is_said_in_chinese(channel: str, result: Result) -> None:
    assert words({"ok": True, f"{channel}_{result}": 3}).isascii() is False
    assert "_" not in words({f"{channel}_{result}": 3})


@pytest.mark.parametrize("name", [*VerdictName, *urging.KINDS, "accept", "return", "close", "noted"])
def test_what_was_counted_is_said_in_chinese(name: str) -> None:
    assert words({name: 2}).endswith(" 2")
    assert not words({name: 2}).isascii()


def test_what_failed_is_said_after_what_was_done_and_nothings_are_left_out() -> None:
    stage = {"ok": False, "threads": 4, "pending": 0, "failures": ["聚焦河洛：要登录", "洛阳城事：连不上"]}
    assert words(stage) == "读帖 4；聚焦河洛：要登录；洛阳城事：连不上"
    assert words({"ok": False, "error": "磁盘满了"}) == "磁盘满了"
    assert words({"ok": True}) == ""
