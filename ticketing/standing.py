"""How a ticket stands: its state and everything else its events say, folded from them one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from data.problem import Problem
from data.records import Event, Ticket


class MoveError(Problem):
    """A move that is not allowed now; the message says why, in Chinese."""


class RoleError(MoveError):
    """A move that is not this person's to make."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the events of a ticket say so far; ``state`` is empty before 交办."""

    state: str
    completion_due: datetime
    tentative: bool
    reply_due: datetime  # as promised, or as it was moved on when a return was not agreed to
    asked: Event | None = None  # the extension that waits for the office's word
    paused_at: datetime | None = None  # since when the citizen is waited for
    returned_at: datetime | None = None  # since when a return waits for the office's word, or was agreed to
    followed_up: Event | None = None  # the last 回访, with whether it is solved and whether they are satisfied
    gone_to: str = ""  # number of the ticket filed in its place

    @property
    def promise(self) -> tuple[datetime, bool]:
        return self.completion_due, self.tentative

    @property
    def rests(self) -> bool:
        """Does the reply clock stand still? A unit that returned the matter in time waits for the office, not the office for it."""
        return self.returned_at is not None and self.returned_at <= self.reply_due


def begun(ticket: Ticket) -> Standing:
    """A ticket before its first event: its dates are those it was filed with."""
    return Standing("", ticket.completion_due, ticket.tentative, ticket.reply_due)


def after(standing: Standing, event: Event, state: str) -> Standing:
    """How it stands after ``event``, which left it in ``state``."""
    data = event.data
    if "completion_due" in data:
        due, tentative = datetime.fromisoformat(data["completion_due"]), bool(data.get("tentative"))
        standing = replace(standing, completion_due=due, tentative=tentative)
    if "reply_due" in data:
        standing = replace(standing, reply_due=datetime.fromisoformat(data["reply_due"]))
    asked = {"ask_extension": event, "grant_extension": None, "refuse_extension": None}.get(event.move, standing.asked)
    paused = {"pause": event.at, "resume": None}.get(event.move, standing.paused_at)
    said_at = datetime.fromisoformat(data["at"]) if event.move == "return" and "at" in data else event.at
    returned = {"return": said_at, "force": None, "reopen": None}.get(event.move, standing.returned_at)
    if event.move == "follow_up":
        standing = replace(standing, followed_up=event)
    if event.move == "refile":
        standing = replace(standing, gone_to=str(data.get("to", "")))
    if event.move in ENDS:
        asked = paused = None  # nothing is asked for or waited for any more
    return replace(standing, state=state, asked=asked, paused_at=paused, returned_at=returned)


ENDS = frozenset({"close", "refile"})
