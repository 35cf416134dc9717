"""The reference tables as the store keeps them once a city has begun."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from data.reference import ENTRIES, Reference
from data.store.database import Database

# Where an entry of a table is named by its slug.
REMEMBERED_IN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "units": (("tickets", "unit"), ("decisions", "unit"), ("users", "unit")),
    "categories": (("tickets", "category"), ("decisions", "category"), ("suggestions", "category")),
    "boards": (("posts", "board"), ("tickets", "board")),
    "districts": (("suggestions", "district"),),
}


class ReferenceTables:
    """Boards, accounts, units, categories, districts, places and rules, in their order."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._loaded: tuple[int, Reference] | None = None
        self._found = 0  # the transaction in which they were last looked up: nobody else writes until its end
        self._saved = 0  # the one in which they were last replaced: it may be undone, so nothing read in it is kept

    def save(self, reference: Reference) -> None:
        """Replace every table by the (checked) one given; call it inside a transaction."""
        reference.check()
        self._found, self._saved = 0, self.db.turn
        self.db.execute("delete from reference")
        self.db.execute(
            "insert into numbers (name, value) values ('reference', 1) on conflict (name) do update set value = numbers.value + 1"
        )
        self.db.table("reference").insert_all(
            {"table": table, "position": i, "body": entry.model_dump_json()}
            for table in ENTRIES
            for i, entry in enumerate(getattr(reference, table))
        )

    def load(self) -> Reference | None:
        """The tables as they stand, or None before a city has begun; read again only when they changed."""
        turn = self.db.turn
        if self._loaded and turn and turn == self._found:
            return self._loaded[1]
        row = self.db.execute("select value from numbers where name = 'reference'").fetchone()
        if row is None:
            return None
        if turn and turn == self._saved:
            return self._read()
        if self._loaded is None or self._loaded[0] != row[0]:
            self._loaded = (row[0], self._read())
        self._found = turn
        return self._loaded[1]

    def remembered(self, table: str, slug: str) -> bool:
        """Does anything that is kept still name this unit, category, board or district?"""
        return any(
            self.db.execute(f'select 1 from {kept} where "{column}" = ? limit 1', [slug]).fetchone()
            for kept, column in REMEMBERED_IN.get(table, ())
        )

    def _read(self) -> Reference:
        tables: dict[str, list[Any]] = {table: [] for table in ENTRIES}
        for table, body in self.db.execute('select "table", body from reference order by "table", position'):
            tables[table].append(json.loads(body))
        return Reference.model_validate(tables)
