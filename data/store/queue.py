"""Where the workers' queue of jobs has its tables: a schema beside the city's, one for each version of the queue's software.

It holds nothing that is not in the city's own tables: it may be dropped at any time, and is made anew.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from data.store.failures import failure, unreachable
from data.store.postgres import LOCK


def schema_of_queue(address: str, version: str, tables: str) -> str:
    """Name of the schema with the queue's ``tables`` (SQL that makes them), made if need be. Raises StoreError."""
    try:
        connection = psycopg.connect(address, connect_timeout=10)
    except psycopg.Error as error:
        raise unreachable(address, error) from None
    try:
        with connection:
            connection.execute(LOCK)
            row = connection.execute("select current_schema()").fetchone()
            name = f"{row[0] if row else 'public'}_queue_{re.sub(r'[^0-9a-z]', '_', version)}"
            if connection.execute("select 1 from pg_namespace where nspname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
                connection.execute(sql.SQL("set local search_path = {}").format(sql.Identifier(name)))
                connection.execute(tables.encode())
    except psycopg.Error as error:
        raise failure(error) from error
    return name
