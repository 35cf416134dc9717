"""The set scenes of the story: who vanishes, who answers on the very second, announcements, and hostile posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from demo.chance import stream
from demo.clock import CITY
from demo.plot import FORUMS, whole
from demo.thread import Answer, Fate, Thread, Voice

if TYPE_CHECKING:
    from demo.world import World

# Fate, how many threads, on which boards, posted between which hours of the story. 人民网 cannot show a second.
CASTING: tuple[tuple[Fate, int, tuple[str, ...], tuple[float, float]], ...] = (
    (Fate.DELETED, 1, ("lyw", "dahe"), (0.5, 5)),
    (Fate.DELETED, 1, ("lyw", "dahe"), (9, 13)),
    (Fate.DELETED, 1, ("lyw", "dahe"), (24, 27)),
    (Fate.LOGIN, 1, ("lyw",), (2, 12)),
    (Fate.EXACT, 1, ("lyw",), (0.5, 13)),
    (Fate.EXACT_AFTER, 1, ("dahe",), (0.5, 13)),
    (Fate.LOOK_ALIKE_ONLY, 2, ("lyw", "lyxxg", "dahe"), (8, 27)),
    (Fate.OFFICE_ONLY, 2, ("lyw", "lyxxg", "dahe"), (0.5, 27)),
    (Fate.OTHER_UNIT_ONLY, 2, ("lyw", "dahe", "people"), (0.5, 27)),
    (Fate.SPONTANEOUS, 5, ("lyw", "dahe", "people"), (0.5, 30)),
)
NOTICES = (
    ("关于网上反映问题办理工作的说明", "各位网友：反映问题请写明时间、地点和联系方式，工作人员会及时转办。"),
    ("【版规】文明发帖须知", "请勿发布广告和人身攻击内容，违者删帖。"),
)
MOVED_TITLE = "请教老城的老地名怎么写"
PHRASES = (
    '<script>alert("洛阳")</script>',
    '=1+1 =HYPERLINK("http://example.invalid","点我")',
    "+86|'cmd'!A1 -2+3 @SUM(1,2)",
    "哎" * 4000 + "A" * 6000,
    "😀😡 㛃龘 &nbsp; 100%～……",
    "</td></tr></table><a href=javascript:alert(1) onmouseover='x'>看</a> ]]> <!-- {{7*7}} %s",
)


def cast(world: World) -> None:
    """Give the fates out: each to the requests its own chance picks among those that fit."""
    for number, (fate, count, boards, hours) in enumerate(CASTING):
        first, last = (world.start + timedelta(hours=h) for h in hours)
        fit = [t for t in world.threads if _is_plain(t) and t.board in boards and first <= t.posted_at < last]
        fit = [t for t in fit if 8 <= t.posted_at.astimezone(CITY).hour < 22]
        for thread in stream(world.seed, "cast", number).sample(fit, k=min(count, len(fit))):
            thread.fate = fate


def _is_plain(thread: Thread) -> bool:
    return thread.is_request and not thread.emergency and thread.fate is Fate.ORDINARY


def before_filing(world: World, thread: Thread, rng: Random) -> None:
    """What is said before anything is filed: answers to the posts of earlier days, and the few spontaneous ones."""
    if thread.fate is Fate.OLD and thread.is_request:
        at = thread.posted_at + timedelta(seconds=rng.randint(1800, 7 * 3600))
        world.people.unit_answers(thread, rng, at)
    elif thread.fate is Fate.SPONTANEOUS:
        at = thread.posted_at + timedelta(seconds=rng.randint(900, 2400))
        world.people.unit_answers(thread, rng, at)
        thread.seen_by_clerk = at + timedelta(seconds=rng.randint(300, 900))


def after_filing(world: World, thread: Thread, rng: Random) -> None:
    """Deletions and the login wall, timed from the filing."""
    filed, due = thread.filed_at, thread.due_at
    if filed is None or due is None:
        return
    if thread.fate is Fate.DELETED:
        thread.deleted_at = filed + timedelta(seconds=rng.randint(25 * 60, 190 * 60))
    elif thread.fate is Fate.LOGIN:
        thread.login_from = due - timedelta(minutes=30)
    elif thread.fate is Fate.DELETED_UNSEEN:
        deletion = world.down_until - timedelta(minutes=5)
        if world.down_from < due < deletion:
            thread.deleted_at = deletion


def announce(world: World, threads: dict[tuple[str, str], Thread]) -> None:
    """Two sticky announcements on each forum, from the beginning of the year."""
    for board in FORUMS:
        section = world.reference.board[board].sections[0].id
        for i, (title, body) in enumerate(NOTICES):
            at = datetime(2011, 1, 4 + i, 9, 30, 12, tzinfo=CITY).astimezone(UTC)
            id = str(1000 + i)
            threads[board, id] = Thread(
                board, section, id, title, body, "lyic", at, "announcement", pinned=True, fate=Fate.OLD, views=9000
            )


def hostile(world: World) -> None:
    """A few posts carry what could break a page, a table or a log, and one chat on each forum goes on for pages."""
    rng = stream(world.seed, "hostile")
    fresh = [t for t in world.threads if t.fate is Fate.ORDINARY and not t.emergency]
    for thread, words in zip(rng.sample(fresh, k=min(len(fresh), 2 * len(PHRASES))), PHRASES * 2, strict=False):
        thread.body += f"\n{words}"
    requests = [t for t in fresh if t.is_request]
    for thread, words in zip(rng.sample(requests, k=min(len(requests), 3)), PHRASES[:3], strict=False):
        thread.title = f"{words[:28]} {thread.title}"
    for board in FORUMS:
        _go_on(world, [t for t in fresh if t.board == board and not t.is_request], rng)


def _go_on(world: World, talk: Iterable[Thread], rng: Random) -> None:
    for thread in list(talk)[:1]:
        for i in range(27):
            at = whole(thread.board, thread.posted_at + timedelta(minutes=40 + 11 * i))
            text = rng.choice(world.library.phrases.citizens).format(n=i + 2)
            thread.add(Answer(thread.next_id(), f"坛友{i % 7}号", at, text, Voice.CITIZEN))
