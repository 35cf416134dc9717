"""Users of the desk: passwords, roles and the lock-out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from data.city import City
from desk.people import EVERYWHERE, PeopleError, add_user, first_admin, set_password, verify
from tests.build import everything
from tests.desk_city import NOW, PASSWORD, make


@pytest.fixture
def city(tmp_path: Path) -> City:
    return make(tmp_path / "city", queue=False, tickets=False)


def wrong(city: City, times: int, name: str = "wang") -> str:
    said = ""
    for _ in range(times):
        with pytest.raises(PeopleError) as caught:
            verify(city, name, "not this one", NOW)
        said = str(caught.value)
    return said


def test_the_right_password_lets_in_and_is_not_kept(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk", display="王敏", now=NOW)
    user = verify(city, "wang", PASSWORD, NOW)
    assert (user.name, user.role, user.display) == ("wang", "clerk", "王敏")
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash


def test_a_wrong_password_and_an_unknown_name_are_told_alike(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    assert wrong(city, 1) == wrong(city, 1, "nobody") == "用户名或密码不对"


def test_six_tries_do_not_tell_which_names_exist(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    assert [wrong(city, 1) for _ in range(6)] == [wrong(city, 1, "nobody") for _ in range(6)]


def test_guesses_at_names_nobody_has_are_forgotten_after_a_day(city: City) -> None:
    wrong(city, 1, "stranger-1")
    with pytest.raises(PeopleError):
        verify(city, "stranger-2", "no", NOW + timedelta(days=2))
    assert {row[1] for row in city.store.db.execute("select name, failures from tries")} == {1}
    assert city.store.db.execute("select count(*) from tries").fetchone()[0] == 2  # from there, and from everywhere


def test_what_was_typed_for_a_name_nobody_has_is_kept_nowhere(city: City) -> None:
    wrong(city, 5, "my-own-password")
    assert "my-own-password" not in str(everything(city.store))


def test_a_strangers_guesses_do_not_lock_the_user_out_of_a_browser_of_theirs(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    wrong(city, 6)
    assert verify(city, "wang", PASSWORD, NOW, "device").name == "wang"
    for _ in range(5):
        with pytest.raises(PeopleError):
            verify(city, "wang", "guessed at that very browser", NOW, "device")
    with pytest.raises(PeopleError, match="已锁定"):
        verify(city, "wang", PASSWORD, NOW, "device")
    set_password(city, "wang", PASSWORD)
    assert verify(city, "wang", PASSWORD, NOW, "device").name == "wang"


def test_a_strangers_guesses_do_not_lock_the_user_out_of_another_machine(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    for _ in range(200):
        with pytest.raises(PeopleError):
            verify(city, "wang", "no", NOW, address="10.0.0.66")
    assert verify(city, "wang", PASSWORD, NOW, address="10.0.0.5").name == "wang"


def test_guesses_from_many_addresses_lock_the_name_but_not_a_browser_of_the_users(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    said = ""
    for i in range(EVERYWHERE):
        with pytest.raises(PeopleError) as caught:
            verify(city, "wang", "no", NOW, address=f"10.0.0.{i}")
        said = str(caught.value)
    assert "已锁定；请 15 分钟" in said
    with pytest.raises(PeopleError, match="已锁定"):
        verify(city, "wang", PASSWORD, NOW, address="10.0.9.9")
    assert city.store.people.held("wang", NOW)
    assert verify(city, "wang", PASSWORD, NOW, "device", "10.0.9.9").name == "wang"
    assert not city.store.people.held("wang", NOW)


def test_five_wrong_passwords_lock_for_fifteen_minutes(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    assert "再错 1 次" in wrong(city, 4)
    assert "账号已锁定；请 15 分钟后再试" in wrong(city, 1)
    with pytest.raises(PeopleError, match="锁定；请 1 分钟后"):
        verify(city, "wang", PASSWORD, NOW + timedelta(minutes=14, seconds=30))
    assert verify(city, "wang", PASSWORD, NOW + timedelta(minutes=15)).name == "wang"


def test_after_a_lock_ran_out_there_are_five_tries_again(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    wrong(city, 5)
    later = NOW + timedelta(minutes=16)
    for _ in range(4):
        with pytest.raises(PeopleError, match="密码不对"):
            verify(city, "wang", "no", later)
    assert verify(city, "wang", PASSWORD, later).name == "wang"


def test_a_success_forgets_the_wrong_ones_before_it(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    wrong(city, 4)
    verify(city, "wang", PASSWORD, NOW)
    assert wrong(city, 1) == "用户名或密码不对"


def test_a_new_password_lifts_the_lock_and_the_old_one_is_dead(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    wrong(city, 5)
    set_password(city, "wang", "another-long-one")
    assert verify(city, "wang", "another-long-one", NOW).name == "wang"
    with pytest.raises(PeopleError):
        verify(city, "wang", PASSWORD, NOW)


@pytest.mark.parametrize(
    ("name", "password", "role", "unit", "says"),
    [
        ("bad name", PASSWORD, "clerk", None, "用户名只能"),
        ("", PASSWORD, "clerk", None, "用户名只能"),
        ("li", "short", "clerk", None, "密码要 10 到 200"),
        ("li", "x" * 201, "clerk", None, "密码要 10 到 200"),
        ("li", PASSWORD, "boss", None, "没有“boss”这个角色"),
        ("li", PASSWORD, "liaison", None, "联络员要写明所属单位"),
        ("li", PASSWORD, "clerk", "water-group", "其他角色不写单位"),
        ("li", PASSWORD, "liaison", "no-such-unit", "没有代号为“no-such-unit”的单位"),
    ],
)
def test_what_will_not_do_is_said(city: City, name: str, password: str, role: str, unit: str | None, says: str) -> None:
    with pytest.raises(PeopleError, match=says):
        add_user(city, name, password, role, unit=unit)
    assert city.store.people.users() == []


def test_a_name_is_taken_once(city: City) -> None:
    add_user(city, "wang", PASSWORD, "clerk")
    with pytest.raises(PeopleError, match="已有用户 wang"):
        add_user(city, "wang", "another-long-one", "admin")
    assert verify(city, "wang", PASSWORD, NOW).role == "clerk"


def test_a_password_for_nobody_is_refused(city: City) -> None:
    with pytest.raises(PeopleError, match="没有用户 wang"):
        set_password(city, "wang", PASSWORD)


def test_the_first_start_makes_one_administrator_with_a_random_password(city: City, tmp_path: Path) -> None:
    made = first_admin(city, NOW)
    assert made is not None
    name, password = made
    assert verify(city, name, password, NOW).role == "admin"
    assert len(password) >= 16
    assert first_admin(city, NOW) is None
    other = first_admin(make(tmp_path / "other", queue=False, tickets=False), NOW)
    assert other is not None
    assert other[1] != password
