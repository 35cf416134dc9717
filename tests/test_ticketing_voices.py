"""Whose voice a reply is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.records import AccountRole
from data.reference import Account, Reference, Unit
from ticketing.voices import Voice, Voices, skeleton

DAY = date(2011, 7, 25)


@pytest.fixture(scope="module")
def voices(reference: Reference) -> Voices:
    return Voices(reference)


@pytest.mark.parametrize(
    ("author", "unit", "voice"),
    [
        ("洛阳水务集团", "water-group", Voice.OWN),
        ("洛阳水务集团", "power-company", Voice.OTHER),
        ("mjic", "gov-mengjin", Voice.OWN),
        ("mjic", "water-group", Voice.OTHER),
        ("lyic", "water-group", Voice.OFFICE),
        ("lyic", "gov-mengjin", Voice.OFFICE),
        ("mj1c", "gov-mengjin", Voice.LOOK_ALIKE),
        ("MJIC", "gov-mengjin", Voice.LOOK_ALIKE),
        ("ｍｊｉｃ", "gov-mengjin", Voice.LOOK_ALIKE),
        ("mjic ", "gov-mengjin", Voice.LOOK_ALIKE),
        ("m_j_i_c", "gov-mengjin", Voice.LOOK_ALIKE),
        ("mjlc", "gov-mengjin", Voice.LOOK_ALIKE),
        ("ｌｙｉｃ", "water-group", Voice.LOOK_ALIKE),
        ("lylc", "water-group", Voice.LOOK_ALIKE),
        ("1yic", "water-group", Voice.LOOK_ALIKE),
        ("洛阳水务集团1", "water-group", Voice.LOOK_ALIKE),
        ("洛阳水务集困", "water-group", Voice.LOOK_ALIKE),
        ("西苑路居民", "water-group", Voice.NOBODY),
        ("", "water-group", Voice.NOBODY),
        (None, "water-group", Voice.NOBODY),
    ],
)
def test_whose_voice_it_is(voices: Voices, author: str | None, unit: str, voice: Voice) -> None:
    assert voices.voice("lyw", author, unit, DAY) is voice


def test_an_account_of_one_board_is_nobody_on_another(voices: Voices) -> None:
    assert voices.voice("people", "mjic", "gov-mengjin", DAY) is Voice.NOBODY
    assert voices.voice("no-such-board", "mjic", "gov-mengjin", DAY) is Voice.NOBODY


def test_on_renmin_the_answering_organisation_is_the_account(voices: Voices) -> None:
    assert voices.voice("people", "洛阳市水务集团", "water-group", DAY) is Voice.OWN


def account(name: str, unit: str, since: date | None = None, to: date | None = None) -> Account:
    return Account(board="lyw", account=name, role=AccountRole.UNIT, unit=unit, valid_from=since, valid_to=to)


def dated(reference: Reference) -> Voices:
    """The sports bureau ends in 2019 and is succeeded; an account changes hands; a street office has a parent."""
    gone = reference.unit["sports-bureau"].model_copy(update={"valid_to": date(2019, 3, 1), "successor": "new-bureau"})
    new = Unit(slug="new-bureau", name="市新局", sort="bureau", valid_from=date(2019, 3, 2))
    street = Unit(slug="street", name="某街道办", sort="street", parent="gov-jianxi")
    units = (*(u for u in reference.units if u.slug != "sports-bureau"), gone, new, street)
    more = (
        account("旧号", "sports-bureau", to=date(2019, 3, 1)),
        account("旧号", "water-group", since=date(2019, 4, 1)),
        account("新局", "new-bureau"),
        account("涧西区府", "gov-jianxi"),
        account("某街道", "street"),
    )
    return Voices(reference.model_copy(update={"units": units, "accounts": (*reference.accounts, *more)}).check())


def test_the_successors_account_meets_the_clock_of_the_unit_it_succeeded(reference: Reference) -> None:
    voices = dated(reference)
    assert voices.voice("lyw", "新局", "sports-bureau", date(2019, 5, 1)) is Voice.OWN
    assert voices.voice("lyw", "旧号", "new-bureau", date(2019, 2, 1)) is Voice.OTHER


def test_the_parents_account_meets_the_clock_and_the_childs_does_not(reference: Reference) -> None:
    voices = dated(reference)
    assert voices.voice("lyw", "涧西区府", "street", DAY) is Voice.OWN
    assert voices.voice("lyw", "某街道", "gov-jianxi", DAY) is Voice.OTHER


@pytest.mark.parametrize(
    ("on", "voice"),
    [
        (date(2019, 3, 1), Voice.OWN),
        (date(2019, 3, 2), Voice.LOOK_ALIKE),
        (date(2019, 3, 31), Voice.LOOK_ALIKE),
        (date(2019, 4, 1), Voice.OTHER),
    ],
)
def test_an_account_speaks_for_its_unit_only_between_its_dates(reference: Reference, on: date, voice: Voice) -> None:
    assert dated(reference).voice("lyw", "旧号", "sports-bureau", on) is voice


@given(st.text(max_size=12))
def test_no_name_but_the_very_same_is_official(reference: Reference, author: str) -> None:
    voices = Voices(reference)
    known = {a.account for a in reference.accounts if a.board == "lyw"}
    assert (voices.official("lyw", author, DAY) is not None) == (author in known)


@given(st.data())
def test_a_disguised_official_name_is_seen_and_never_taken_for_it(reference: Reference, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["mjic", "lyic", "洛阳水务集团"]))
    changes = st.sampled_from(["full", "upper", "one", "el", "space", "dash"])
    made = name
    for change in data.draw(st.lists(changes, min_size=1, max_size=3)):
        made = {
            "full": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in made),
            "upper": made.upper(),
            "one": made.replace("i", "1"),
            "el": made.replace("i", "l"),
            "space": made + "\u3000",
            "dash": made + "_",
        }[change]
    voice = Voices(reference).voice("lyw", made, "gov-mengjin", DAY)
    real = {"mjic": Voice.OWN, "lyic": Voice.OFFICE, "洛阳水务集团": Voice.OTHER}[name]
    assert voice is (real if made == name else Voice.LOOK_ALIKE)


def test_a_name_of_signs_only_has_no_shape_and_looks_like_nobody(voices: Voices) -> None:
    assert skeleton("_-—！") == ""
    assert voices.voice("lyw", "！！！！", "water-group", DAY) is Voice.NOBODY
