"""phpwind 9: another program than 8.x under the same name. Its pages are read by ``phpwind``; a list has another address.

Checked on pages of 9.1. What is known of it: times are to the minute; only the first page of a thread has its title as a
heading; rewriting is its own and the plain addresses go on working, so those are asked for; there is no ``thread.php``.
"""

from __future__ import annotations

from spiders.engines.phpwind import NINE, list_ask, read_list, read_thread, says_closed, sorted_by, thread_ask

__all__ = ["list_ask", "name", "read_list", "read_thread", "recognise", "says_closed", "sorted_by", "thread_ask"]

name = "phpwind9"


def recognise(text: str) -> bool:
    return NINE.search(text) is not None
