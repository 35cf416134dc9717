"""Requests another system filed here (上级交办): each becomes a post in the queue, once for the sender's own key.

A thread on a board this city reads too is watched here like any other; of any other we know what the sender wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from data.city import City
from data.records import Client, Contact, Post, Received, Suggestion
from spiders.addresses import thread_at

BOARD = "open311"  # stands where posts name their board
SOURCE = "上级交办"
LONGEST_TITLE = 100  # characters


@dataclass(frozen=True, slots=True)
class Filing:
    """What a sender says; ``key`` is its own for this request, empty where it has none."""

    service: str
    text: str
    key: str = ""
    contact: str = ""
    unit: str = ""
    number: str = ""
    due: str = ""
    source: str = ""
    url: str = ""
    address: str = ""
    lat: float | None = None
    long: float | None = None


def take_in(city: City, client: Client, filing: Filing, now: datetime) -> tuple[Received, bool]:
    """Keep a request and put its post into the queue; and whether it is new. The same key again gives the first one."""
    store = city.store
    with store.transaction():
        known = store.received.keyed(client.name, filing.key) if filing.key else None
        if known is not None:
            return known, False
        id = store.received.next_id(now.astimezone(city.zone).strftime("%Y%m%d"))
        title, _, body = filing.text.strip().partition("\n")
        title = title.strip()[:LONGEST_TITLE] or SOURCE
        received = Received(
            id, client.name, filing.key or id, BOARD, id, now, filing.service, title, filing.contact, filing.unit,
            filing.number, filing.due, filing.source, filing.url, filing.address, filing.lat, filing.long,
        )  # fmt: skip
        received = _placed(city, received, client, body.strip() or filing.text.strip(), now)
        store.received.keep(received)
    return received, True


def _placed(city: City, received: Received, client: Client, body: str, now: datetime) -> Received:
    """The request with the post it is about: the thread's own where a board here is meant, which then comes back."""
    found, store = thread_at(city.reference().boards, received.url), city.store
    post = Post(BOARD, received.id, f"{SOURCE}（{client.display}）", received.url, received.title, None, now, body)
    if found is None:
        store.received.take_in(post, now)
        return received
    board, thread = found[0].slug, found[1]
    if store.threads.post(board, thread) is None:
        store.received.take_in(replace(post, board=board, thread=thread, section=""), now)
    elif store.decisions.stage(board, thread) == "decided":
        store.decisions.bring_back(board, thread, f"{client.display}交办了这条帖子（{received.id}）")
    return replace(received, board=board, thread=thread)


def informed(city: City, suggestions: Iterable[Suggestion]) -> Sequence[Suggestion]:
    """The suggestions, those about received requests with what the sender said: it is a request, and whom to ask."""
    found = list(suggestions)
    about = {(r.board, r.thread): r for r in city.store.received.about((s.board, s.thread) for s in found)}
    return [_informed(s, about[s.board, s.thread]) if (s.board, s.thread) in about else s for s in found]


def _informed(suggestion: Suggestion, received: Received) -> Suggestion:
    """A person looks at each: automatic filing passes over what needs one."""
    contacts, given = suggestion.contacts, received.contact
    if given and not any(c.text in given for c in contacts):
        contacts = (*contacts, Contact("联系方式", given))
    why = suggestion.needs_person or "上级交办，请核对承办单位"
    return replace(suggestion, is_request=True, contacts=contacts, needs_person=why)
