"""The tables of the store and how an older database becomes a newer one (sqlite-utils migrations).

Types are SQLite's; ``data.store.dialect`` says what PostgreSQL calls them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, cast

from sqlite_utils import Migrations

from data.store.database import Database, StoreError
from data.store.rows import due, stamp

Step = Callable[[Database], None]


class Steps(Migrations):
    """sqlite-utils' migrations, whose steps another database can take as well."""

    def __call__(  # type: ignore[override]
        self, *, name: str | None = None, transactional: bool = True
    ) -> Callable[[Step], Step]:
        return cast("Callable[[Step], Step]", super().__call__(name=name, transactional=transactional))

    def missing(self, done: Collection[str]) -> bool:
        """Is the database that has taken the steps ``done`` older than this program? Raises StoreError when it is newer."""
        ours = {name for name, _ in self}
        if not ours.issuperset(done):
            raise StoreError("数据库是更新版本的联动写的，这个旧版不能打开；请升级软件，或恢复升级前的备份")
        return not ours.issubset(done)

    def __iter__(self) -> Iterator[tuple[str, Step]]:
        return ((step.name, cast("Any", step.fn)) for step in self._migrations)


migrations = Steps("liandong")

# SQLite uses the index of waiting posts only where a query repeats the index's own condition, word by word.
WAITING = "stage in ('new', 'suggested')"

# Tickets whose thread still bears on something: open ones, and those closed before there was a verdict.
WATCHED = """(state not in ('closed', 'followed_up', 'archived', 'refiled')
    or (verdict = 'pending' and state in ('closed', 'followed_up')))"""

TABLES = f"""
create table posts (
    board text not null, thread text not null, section text not null, url text not null, title text not null,
    author text, posted_at text not null, body text not null, images text not null, state text not null, rating text,
    first_read_at text not null, stage text not null default 'new', back text not null default '',
    primary key (board, thread));
create index posts_waiting on posts (stage, posted_at) where stage in ('new', 'suggested');
create index posts_by_time on posts (posted_at);

create table replies (
    board text not null, thread text not null, id text not null, floor integer, author text, posted_at text not null,
    body text not null, edited_at text, "to" text, first_read integer not null, gone_at text,
    primary key (board, thread, id));

create table versions (
    id integer primary key, board text not null, thread text not null, reply text not null,
    title text not null, body text not null, until text not null);
create index versions_of on versions (board, thread);

create table listing (
    board text not null, thread text not null, section text not null, signature text not null,
    read_signature text, seen_at text not null, failures integer not null default 0, next_try text,
    primary key (board, thread));
create index listing_owed on listing (board, section) where read_signature is null or read_signature <> signature;

create table sections (
    board text not null, section text not null, horizon text not null, walked_at text,
    primary key (board, section));

create table snapshots (
    id integer primary key, board text not null, thread text not null, url text not null, at text not null,
    status integer not null, sha256 text not null, body blob not null, chain text not null);
create index snapshots_of on snapshots (board, thread);

create table reads (
    id integer primary key, board text not null, thread text not null, at text not null, outcome text not null,
    complete boolean not null, status integer, pages integer not null, detail text not null, snapshots text not null);
create index reads_of on reads (board, thread, at);

create table health (
    id integer primary key, board text not null, at text not null, pages integer not null, rows integer not null,
    threads integer not null, replies integer not null, missing text not null, statuses text not null,
    failures text not null, ok boolean not null, last_complete_at text);
create index health_of on health (board, id);

create table suggestions (
    id integer primary key, board text not null, thread text not null, at text not null, model text not null,
    is_request boolean not null, request_p real not null, kind text not null, kind_p real not null,
    category text not null, categories text not null, units text not null, urgency text not null, days integer not null,
    contacts text not null, place text, district text, reasons text not null, needs_person text not null,
    co_units text not null);
create index suggestions_of on suggestions (board, thread, id);

create table decisions (
    id integer primary key, board text not null, thread text not null, at text not null, "by" text not null,
    action text not null, automatic boolean not null, kind text, category text, unit text, urgency text not null,
    days integer not null, contact text not null, reason text not null, lead text not null default '');
create index decisions_of on decisions (board, thread);

create table tickets (
    number text primary key, board text not null, thread text not null, decision integer not null, office_id text not null,
    title text not null, kind text not null, category text not null, source text not null, contact text not null,
    unit text not null, urgency text not null, days integer not null, posted_at text not null, decided_at text not null,
    filed_at text not null, reply_due text not null, completion_due text not null, tentative boolean not null,
    lead text not null default '', origin text not null default '', accept_due text,
    state text not null, verdict text not null, due text not null, provisional boolean not null);
create index tickets_of on tickets (board, thread);
create index tickets_unit on tickets (unit, filed_at);
create index tickets_filed on tickets (filed_at);
create index tickets_watched on tickets (reply_due) where {WATCHED};
create index tickets_due on tickets (due) where state not in ('closed', 'followed_up', 'archived', 'refiled');
create index tickets_provisional on tickets (number)
    where provisional and state not in ('closed', 'followed_up', 'archived', 'refiled');
create index tickets_lead on tickets (lead) where lead <> '';

create table merged (
    board text not null, thread text not null, ticket text not null, at text not null, "by" text not null,
    primary key (board, thread));
create index merged_into on merged (ticket);

create table events (
    id integer primary key, ticket text not null, at text not null, move text not null, "by" text not null,
    note text not null, data text not null default '{{}}');
create index events_of on events (ticket, id);

create table verdicts (
    id integer primary key, ticket text not null, at text not null, name text not null, reply text, reply_at text,
    latency real, holding boolean, answered_at text, read integer, marks text not null);
create index verdicts_of on verdicts (ticket, id);

create table outbox (
    id integer primary key, key text not null unique, channel text not null, subject text not null, payload text not null,
    created_at text not null, not_before text not null, state text not null, attempts integer not null,
    holder text not null, lease_until text, settled_at text, error text not null);
create index outbox_waiting on outbox (not_before) where state in ('waiting', 'leased');
create index outbox_state on outbox (state, id);
create index outbox_subject on outbox (subject);

create table runs (
    id integer primary key, holder text not null, started_at text not null, finished_at text, ok boolean not null,
    stages text not null);
create table alerts (
    id integer primary key, at text not null, kind text not null, subject text not null, text text not null,
    unique (kind, subject));
create table leases (name text primary key, holder text not null, until text not null);
create table numbers (name text primary key, value integer not null);

create table users (
    name text primary key, role text not null, password_hash text not null, unit text, display text not null,
    created_at text, failures integer not null, locked_until text);
create table audit (
    id integer primary key, at text not null, who text not null, what text not null, subject text not null);

create table reference (
    "table" text not null, position integer not null, body text not null, primary key ("table", position));
"""


@migrations()
def tables(db: Database) -> None:
    """The tables of 0.1."""
    for statement in TABLES.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def visits(db: Database) -> None:
    """What boards said about being asked again."""
    db.execute("create table robots (site text primary key, at text not null, body blob not null)")
    db.execute(
        """create table validators (
           board text not null, section text not null, url text not null, etag text not null, modified text not null,
           primary key (board, section))"""
    )


@migrations()
def second_chances(db: Database) -> None:
    """Acts a person had sent again, tickets that came with their answer, and what the automatic rule would have done."""
    db.execute("alter table outbox add column resent integer not null default 0")
    db.execute("alter table tickets add column historical boolean not null default false")
    db.execute(
        """create table shadows (
           board text not null, thread text not null, at text not null, category text not null, confidence real not null,
           primary key (board, thread))"""
    )
    db.execute("create index decisions_automatic on decisions (at) where automatic")


@migrations()
def words_of_the_office(db: Database) -> None:
    """What the office system said of tickets, so that each word of it moves a ticket once."""
    db.execute(
        """create table heard (
           ticket text not null, status text not null, updated text not null, at text not null,
           primary key (ticket, status, updated))"""
    )


@migrations()
def series(db: Database) -> None:
    """Requests counted by hour under every name the barometer watches, and the rises it has told of."""
    db.execute(
        """create table counts (
           sort text not null, name text not null, day integer not null, hours blob not null,
           primary key (sort, name, day)) without rowid"""
    )
    db.execute("create index counts_by_day on counts (day)")
    db.execute(
        """create table surges (
           id integer primary key, sort text not null, name text not null, opened_at text not null, since text not null,
           last_at text not null, count integer not null, expected real not null, evidence real not null,
           posts text not null, names text not null, units text not null, districts text not null)"""
    )
    db.execute("create index surges_by_last on surges (last_at)")


@migrations()
def intake_counts(db: Database) -> None:
    """How many calls and messages came in each day, as the office counts them."""
    db.execute(
        """create table intake (
           day text not null, source text not null, calls integer not null, answered integer not null,
           valid integer not null, requests integer not null, done integer not null, primary key (day, source))"""
    )


@migrations()
def decisions_by_time(db: Database) -> None:
    """The automatic rule learns from the newest decisions only."""
    db.execute("create index decisions_by_time on decisions (at)")


@migrations()
def bridges(db: Database) -> None:
    """连心桥: matters followed until a person closes them, and what was done for each."""
    db.execute(
        """create table bridges (
           id integer primary key, ticket text not null, opened_at text not null, "by" text not null, need text not null,
           review_at text not null, closed_at text, closed_by text not null)"""
    )
    db.execute("create unique index bridges_open on bridges (ticket) where closed_at is null")
    db.execute(
        """create table bridge_notes (
           id integer primary key, bridge integer not null, at text not null, "by" text not null, done text not null)"""
    )
    db.execute("create index bridge_notes_of on bridge_notes (bridge, id)")


@migrations()
def attachments(db: Database) -> None:
    """Links to the files a post came with."""
    db.execute("alter table posts add column attachments text not null default '[]'")


@migrations()
def administration(db: Database) -> None:
    """Users who have left or must change their password, wrong passwords by name, and an audit that can be searched."""
    db.execute("alter table users add column active boolean not null default true")
    db.execute("alter table users add column locked boolean not null default false")
    db.execute("alter table users add column fresh boolean not null default false")
    db.execute("alter table users add column reach text not null default ''")
    # For every name that is tried, whether anybody has it or not: else the lock would tell which names exist.
    db.execute(
        "create table tries (name text primary key, failures integer not null, at text not null, locked_until text)"
    )
    db.execute("alter table users drop column failures")
    db.execute("alter table users drop column locked_until")
    db.execute("alter table audit add column detail text not null default ''")
    for column in ("who", "what", "subject", "at"):
        db.execute(f"create index audit_by_{column} on audit ({column}, id)")


@migrations()
def answer_due(db: Database) -> None:
    """When a reply is due as the events say: a return the office did not agree to moves it on."""
    db.execute("alter table tickets add column answer_due text not null default ''")
    db.execute("update tickets set answer_due = reply_due")
    db.execute("drop index tickets_watched")
    db.execute(f"create index tickets_watched on tickets (answer_due) where {WATCHED}")


@migrations()
def queue(db: Database) -> None:
    """Who has which post before them, and when a waiting post would be due, to put the queue in order."""
    db.execute(
        """create table looking (
           board text not null, thread text not null, who text not null, until text not null, primary key (who))"""
    )
    db.execute("alter table posts add column due text not null default ''")
    waiting = db.execute(
        f"""select p.board, p.thread, p.posted_at, s.days from posts p
            join suggestions s on s.id = (select max(id) from suggestions where board = p.board and thread = p.thread)
            where p.{WAITING}"""
    ).fetchall()
    for board, thread, posted_at, days in waiting:
        when = stamp(due(datetime.fromisoformat(posted_at), days))
        db.execute("update posts set due = ? where board = ? and thread = ?", [when, board, thread])


@migrations()
def words_held(db: Database) -> None:
    """A word of the office that cannot move its ticket yet waits here: a folder says it once only."""
    db.execute("alter table heard add column held text not null default ''")
    db.execute("create index heard_held on heard (at) where held <> ''")


@migrations()
def calls_wait_for_no_verdict(db: Database) -> None:
    """A closed call was watched for ever: nobody can answer it in a thread."""
    db.execute("update tickets set verdict = '' where board = 'import' and verdict = 'pending'")


@migrations()
def received(db: Database) -> None:
    """Requests other systems filed here, who they are, and which county's platform a ticket was filed to."""
    db.execute(
        """create table clients (
           name text primary key, display text not null, key_hash text not null unique, created_at text not null,
           revoked_at text)"""
    )
    db.execute(
        """create table received (
           id text primary key, client text not null, key text not null, board text not null, thread text not null,
           at text not null, service text not null, title text not null, contact text not null, unit text not null,
           number text not null, due text not null, source text not null, url text not null, address text not null,
           lat real, long real, unique (client, key))"""
    )
    db.execute("create index received_of on received (board, thread)")
    db.execute("create index received_by_time on received (client, at)")
    db.execute("alter table tickets add column platform text not null default ''")


@migrations()
def entered_by_hand(db: Database) -> None:
    """Posts, replies and looks at a thread that a person entered, where a board is not read by the program."""
    for table in ("posts", "replies", "reads"):
        db.execute(f"alter table {table} add column entered_by text not null default ''")


@migrations()
def found_by_words(db: Database) -> None:
    """The word index, and the posts it does not know yet: at first all of them. No records: a copy makes its own."""
    db.execute(
        "create table _indexed (id integer primary key, board text not null, thread text not null, unique (board, thread))"
    )
    db.execute("create table _unworded (board text not null, thread text not null, primary key (board, thread))")
    db.make_word_index()
    db.execute("drop index tickets_of")  # what a search asks of a ticket stands in the index itself
    db.execute("create index tickets_of on tickets (board, thread, number, unit, state, verdict, category)")
    db.execute("insert into _unworded (board, thread) select board, thread from posts")


@migrations()
def retention(db: Database) -> None:
    """Which words were erased after their time, the database's size day by day, and how long each stage of a run took."""
    db.execute("alter table posts add column erased text not null default ''")
    db.execute("create index posts_kept on posts (first_read_at) where erased <> 'text'")
    db.execute("create index snapshots_kept on snapshots (at) where length(body) > 0")
    db.execute(
        "create table sizes (day text not null, name text not null, bytes integer not null, primary key (day, name))"
    )
    db.execute("alter table runs add column seconds text not null default '{}'")


@migrations()
def seats(db: Database) -> None:
    """Sessions of the desk that were not left; no records: in a copied city everybody logs in anew."""
    db.execute("create table _seats (id text primary key, name text not null, at text not null)")
    db.execute("create index _seats_by_time on _seats (at)")


@migrations()
def found_by_filters(db: Database) -> None:
    """Tickets by what a search may ask of them, in the order of the word index; and which of its entries each day has."""
    db.execute("alter table tickets add column _entry integer")
    db.execute(
        """update tickets set _entry = (select i.id from _indexed i
           where i.board = tickets.board and i.thread = tickets.thread)"""
    )
    for column in ("unit", "category", "state", "verdict"):
        db.execute(f"create index tickets_by_{column} on tickets ({column}, _entry)")
    db.execute("create index _indexed_by_board on _indexed (board, id)")
    db.execute("create table _days (day text primary key, first integer not null, last integer not null)")
    db.execute(
        """insert into _days select substr(p.posted_at, 1, 10), min(i.id), max(i.id)
           from _indexed i join posts p on p.board = i.board and p.thread = i.thread group by substr(p.posted_at, 1, 10)"""
    )


@migrations()
def entries_by_time(db: Database) -> None:
    """When the post of an entry was written, to be found by."""
    db.execute("alter table _indexed add column posted_at text not null default ''")
    db.execute(
        """update _indexed set posted_at = coalesce((select p.posted_at from posts p
           where p.board = _indexed.board and p.thread = _indexed.thread), '')"""
    )
    db.execute("create index _indexed_by_time on _indexed (posted_at, id)")


@migrations()
def counts_in_one_row(db: Database) -> None:
    """The counts of a series stood in a row a day; in one row they are read in a third of the time."""
    kept: dict[tuple[str, str], array[int]] = {}
    for sort, name, day, hours in db.execute("select sort, name, day, hours from counts order by sort, name, day"):
        for hour, posts in enumerate(array("H", hours)):
            if posts:
                kept.setdefault((sort, name), array("I")).extend((24 * day + hour, posts))
    db.execute("drop table counts")
    db.execute(
        """create table counts (
           sort text not null, name text not null, last integer not null, hours blob not null,
           primary key (sort, name)) without rowid"""
    )
    db.execute("create index counts_by_last on counts (last)")
    rows = [[*name, hours[-2] // 24, hours.tobytes()] for name, hours in kept.items()]
    db.executemany("insert into counts (sort, name, last, hours) values (?, ?, ?, ?)", rows)
