"""docs/connectors.md says what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from data import outward
from data.city import Settings
from desk.commands.city import TEMPLATE
from ticketing import messages
from ticketing.office import CONNECTORS, answers

TEXT = (Path(__file__).parent.parent / "docs" / "connectors.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_is_settings_the_program_takes(block: str) -> None:
    assert Settings.model_validate(tomllib.loads(block)) != Settings()


def test_every_connector_field_status_and_column_is_explained() -> None:
    assert len(BLOCKS) >= 5
    names = [*CONNECTORS, *get_args(outward.Ours), *(names[0] for names in answers.COLUMNS.values())]
    assert [n for n in names if n not in TEXT] == []
    assert [s for s in outward.STATUSES if s not in TEXT] == []
    assert [k for k in messages.KINDS if f"`{k}`" not in TEXT] == []


def test_a_new_citys_settings_say_the_same() -> None:
    settings = Settings.model_validate(tomllib.loads(TEMPLATE.format(name="洛阳")))
    assert settings.notices.digest_hour == 8
    assert settings.office == outward.OfficeTable()
