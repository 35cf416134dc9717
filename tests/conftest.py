"""What every test may ask for: a city of its own, its clock, and counterparts on loopback.

What is marked ``both_stores`` is run on SQLite and on PostgreSQL; ``--store postgresql`` runs every test on that, but for
those marked ``in_a_file``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

from data import reference as tables
from data.city import City, open_city
from data.reference import Reference
from data.store import Store
from tests import build
from tests.counterpart import Counterpart
from tests.server import Server, programs

# The same examples every time, and no failing because the machine was busy.
settings.register_profile("liandong", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("liandong")


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The shipped tables."""
    return tables.load()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=["sqlite", "postgresql"], help="run every test on this database")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kept_on" not in metafunc.fixturenames:
        return
    if metafunc.definition.get_closest_marker("in_a_file"):
        return
    if given := metafunc.config.getoption("--store"):
        metafunc.parametrize("kept_on", [given], indirect=True)
    elif metafunc.definition.get_closest_marker("both_stores"):
        metafunc.parametrize("kept_on", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def kept_on(request: pytest.FixtureRequest) -> str:
    """What this test's stores are kept in."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL, where it is installed; CI has it."""
    found = programs()
    if found is None:
        assert "CI" not in os.environ, "CI tests PostgreSQL as well: apt-get install postgresql"
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    started = Server(found)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def begun_on_server(server: Server, reference: Reference) -> str:
    """Name of a database with nothing but the shipped tables in it, to be copied."""
    with closing(Store(address := server.database())) as store, store.transaction():
        store.reference.save(reference)
    return address.rpartition("/")[2]


@pytest.fixture(scope="session")
def empty_on_server(server: Server) -> str:
    """Name of a database whose tables are empty, to be copied."""
    Store(address := server.database()).close()
    return address.rpartition("/")[2]


@pytest.fixture
def address(kept_on: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path | str]:
    """Where a test may keep one store."""
    if kept_on == "sqlite":
        yield tmp_path / "x.db"
        return
    server = request.getfixturevalue("server")
    made = server.database(request.getfixturevalue("empty_on_server"))
    yield made
    server.drop(made)


@pytest.fixture
def store(address: Path | str) -> Iterator[Store]:
    """A store with empty tables."""
    with closing(Store(address)) as opened:
        yield opened


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
def make_city(tmp_path: Path, begun: Path, kept_on: str, request: pytest.FixtureRequest) -> Iterator[build.MakeCity]:
    """A function from the text of liandong.toml to a city with the shipped tables."""
    made: list[City] = []

    def make(toml: str) -> City:
        if kept_on == "sqlite":
            shutil.copy(begun, tmp_path / "liandong.db")
        else:
            template = request.getfixturevalue("begun_on_server")
            toml = build.kept_at(request.getfixturevalue("server").database(template), toml)
        (tmp_path / "liandong.toml").write_text(toml, encoding="utf-8")
        made.append(open_city(tmp_path))
        return made[-1]

    yield make
    for city in made:
        city.store.close()
        if kept_on == "postgresql":
            request.getfixturevalue("server").drop(city.settings.city.database)


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
