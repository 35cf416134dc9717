"""What every test may ask for: a city of its own, its clock, and counterparts on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from data import reference as tables
from data.city import City, open_city
from data.reference import Reference
from data.store import Store
from tests import build
from tests.counterpart import Counterpart

# The same examples every time, and no failing because the machine was busy.
settings.register_profile("liandong", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("liandong")


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The shipped tables."""
    return tables.load()


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> Path:
    """A database with nothing but the shipped tables in it, to be copied."""
    path = tmp_path_factory.mktemp("begun") / "liandong.db"
    store = Store(path)
    with store.transaction():
        store.reference.save(reference)
    store.close()
    return path


@pytest.fixture
def make_city(tmp_path: Path, begun: Path) -> Iterator[build.MakeCity]:
    """A function from the text of liandong.toml to a city with the shipped tables."""
    made: list[City] = []

    def make(toml: str) -> City:
        (tmp_path / "liandong.toml").write_text(toml, encoding="utf-8")
        shutil.copy(begun, tmp_path / "liandong.db")
        made.append(open_city(tmp_path))
        return made[-1]

    yield make
    for city in made:
        city.store.close()


@pytest.fixture
def city(make_city: build.MakeCity) -> City:
    """Luoyang in a temporary folder, with no office system and no gateway."""
    return make_city('[city]\nname = "洛阳"\n')


@pytest.fixture
def counterpart() -> Iterator[Counterpart]:
    """An office system and an SMS gateway that do as they are told."""
    server = Counterpart()
    yield server
    server.stop()


@pytest.fixture
def wired(make_city: build.MakeCity, counterpart: Counterpart) -> City:
    """Luoyang, its office system and gateway at the counterpart; they have 0.3 s to answer."""
    return make_city(
        f'[office]\nurl = "{counterpart.url}"\ntimeout = 0.3\n[notices]\nsms_url = "{counterpart.url}/send"\ntimeout = 0.3\n'
    )


@pytest.fixture
def clock() -> build.Clock:
    """The time of filing, standing still."""
    return build.Clock(build.FILED)
