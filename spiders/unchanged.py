"""Asking a board only for what changed: what a list's first page may hand back, and when 304 can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

from data.store.visits import Validators

MARGIN = timedelta(seconds=60)  # RFC 9110 8.8.2.2: a younger Last-Modified may hide a second change in the same second


def headers(known: Validators) -> dict[str, str]:
    """The request headers that allow a 304."""
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in asked.items() if value}


def validators(answer: Mapping[str, str]) -> Validators:
    """Those of an answer (header names in lower case) that a later 304 could be believed for."""
    etag, modified = answer.get("etag", ""), answer.get("last-modified", "")
    return Validators(etag[:200], modified[:60] if modified and _old_enough(modified, answer.get("date", "")) else "")


def _old_enough(modified: str, date: str) -> bool:
    try:
        return parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= MARGIN
    except (ValueError, TypeError, OverflowError, IndexError):
        return False
