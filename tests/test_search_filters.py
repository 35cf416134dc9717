"""Whatever is asked, and whichever list the database walks, a search finds what a look at every post would have found."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.city import City
from data.records import Event, Post, Verdict, VerdictName
from data.store import Store, entries
from data.store.copying import copy
from data.store.found import Hit, Page, Wanted
from tests.build import POSTED, careless, post, save_thread, save_ticket

pytestmark = pytest.mark.both_stores

BOARDS, UNITS = ("lyw", "people"), ("water-group", "lamps", "buses")
CATEGORIES = ("urban", "urban/water-supply", "urban/roads", "urban-x", "traffic")
STATES, VERDICTS = ("filed", "accepted", "closed"), (VerdictName.ON_TIME, VerdictName.LATE)
WORDS = ("停水", "路灯", "小区")
DAYS = 20
Filed = Mapping[str, str]  # number, unit, category, state, verdict


class Office:
    """Some posts and tickets, and a search that looks at every one."""

    def __init__(self, city: City, seed: int) -> None:
        self.city, self.random = city, random.Random(seed)
        self.posts: list[tuple[Post, Sequence[str]]] = []  # in the order they were indexed
        self.filed: dict[str, list[Filed]] = {}

    def fill(self, count: int) -> None:
        """Posts come in any order of their days; some have tickets before they are indexed, some after."""
        for i in range(count):
            the_post = self._post(str(i))
            early, late = self.random.choice(((0, 0), (0, 1), (1, 0), (0, 2), (1, 1)))
            words = self.random.sample(WORDS, self.random.randint(1, len(WORDS)))
            self._tickets(the_post, early)
            self.city.store.found.put([(the_post, words)])
            self._tickets(the_post, late)
            self.posts.append((the_post, words))

    def _post(self, thread: str) -> Post:
        board, day = self.random.choice((BOARDS[0], *BOARDS)), self.random.randrange(DAYS)
        changes: dict[str, Any] = {"board": board, "thread": thread, "posted_at": POSTED + timedelta(days=day)}
        save_thread(self.city, **changes)
        return post(**changes)

    def _tickets(self, the_post: Post, count: int) -> None:
        for _ in range(count):
            of = self.filed.setdefault(the_post.key, [])
            number = f"20110725-{len(self.filed):03}{len(of)}"
            unit, category = self.random.choice(UNITS), self.random.choice(CATEGORIES)
            save_ticket(
                self.city,
                number=number,
                board=the_post.board,
                thread=the_post.thread,
                unit=unit,
                category=category,
                decision=len(of),
            )
            state, verdict = self.random.choice(STATES), self.random.choice(VERDICTS)
            self.city.store.tickets.add_event(Event(number, POSTED, "move", "system"), state)
            self.city.store.tickets.add_verdict(Verdict(number, POSTED, verdict))
            of.append({"number": number, "unit": unit, "category": category, "state": state, "verdict": verdict})

    def expected(self, wanted: Wanted) -> list[tuple[str, str]]:
        """(thread, ticket), the newest first."""
        found = []
        for the_post, words in reversed(self.posts):
            fitting = [t for t in (*self.filed.get(the_post.key, ()), {}) if _fits(the_post, t, wanted)]
            if fitting and set(wanted.words) <= set(words):
                found.append((the_post.thread, max(t.get("number", "") for t in fitting)))
        return found


def _fits(the_post: Post, ticket: Filed, wanted: Wanted) -> bool:
    category = ticket.get("category", "")
    return not (
        (wanted.board and the_post.board != wanted.board)
        or (wanted.units is not None and ticket.get("unit") not in wanted.units)
        or (wanted.state and ticket.get("state") != wanted.state)
        or (wanted.verdict and ticket.get("verdict") != wanted.verdict)
        or (wanted.category and wanted.category != category and not category.startswith(wanted.category + "/"))
        or (wanted.since and the_post.posted_at < wanted.since)
        or (wanted.until and the_post.posted_at >= wanted.until)
    )


def days() -> st.SearchStrategy[Any]:
    return st.none() | st.integers(-1, DAYS + 1).map(lambda day: POSTED + timedelta(days=day, hours=1))


ASKED = st.builds(
    Wanted,
    words=st.lists(st.sampled_from((*WORDS, "企鹅")), max_size=2, unique=True),
    board=st.sampled_from(("", *BOARDS, "nowhere")),
    units=st.none() | st.lists(st.sampled_from((*UNITS, "nobody")), max_size=3, unique=True),
    state=st.sampled_from(("", "", *STATES, "archived")),
    verdict=st.sampled_from(("", "", *VERDICTS, "overdue")),
    category=st.sampled_from(("", "", *CATEGORIES, "urb")),
    since=days(),
    until=days(),
)


@pytest.fixture
def office(city: City) -> Office:
    careless(city.store)
    made = Office(city, 7)
    with city.store.transaction():
        made.fill(120)
    return made


def pages(store: Store, wanted: Wanted, limit: int) -> list[Hit]:
    page, hits = Page((), before=2**40), list[Hit]()
    while page.before:
        page = store.found.search(wanted, limit, page.before)
        hits += page.hits
    return hits


@given(wanted=ASKED, limit=st.sampled_from((1, 7, 200)), many=st.sampled_from((1, 25, 20_000)))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_what_a_look_at_every_post_would(
    office: Office, wanted: Wanted, limit: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:  # what counts as a long list decides which is walked
        patch.setattr(entries, "MANY", many)
        hits = pages(office.city.store, wanted, limit)
    assert [(hit.post.thread, hit.ticket) for hit in hits] == office.expected(wanted)


def test_a_copy_finds_the_same_once_it_made_its_index(office: Office, store: Store) -> None:
    copy(office.city.store.db, store.db)
    store.found.put(office.posts)
    for wanted in (Wanted((), units=("lamps",)), Wanted(("停水",), state="closed", category="urban")):
        assert [(h.post.thread, h.ticket) for h in pages(store, wanted, 50)] == office.expected(wanted)


@pytest.mark.parametrize(
    ("lengths", "words", "leads"),
    [
        ((0,), 50, "list 0"),
        ((30, 9), 50, "list 1"),
        ((30,), 10, "list 0"),
        ((30,), 5, "words"),
        ((30, 40), 20, "words"),
        ((99_999,), 99_999, "words"),
        ((30, 20), None, "list 1"),
        ((99_999,), None, "list 0"),
    ],
)
def test_the_shorter_side_is_walked(lengths: Sequence[int], words: int | None, leads: str) -> None:
    long = {f"list {i}": length for i, length in enumerate(lengths)} | {"words": words or 0}

    def count(asked: entries.Listed) -> int:
        [name] = [name for name in long if name in asked[0]]
        return min(long[name], int(asked[1][-1]))

    lists = [(f"select list {i}", ()) for i in range(len(lengths))]
    sql, _ = entries.planned(("select words", ()) if words is not None else None, lists, (0, 9), count)
    walked = sql.split("exists")[0]
    assert leads in walked
    assert ("intersect" in sql) is (words is not None and leads != "words")
