"""What a call that destroys would hit, in words for a person: the target, and what goes with it.

An operation's `hit` finds it through a `Look`, which makes at most `MOST_READS` reads. A read that fails
costs the question its details, never the question itself; so every answer here may be anything at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from pydantic import ValidationError

if TYPE_CHECKING:
    from clerk_tools.operation import Operation

MOST_READS: Final = 2
_LONGEST: Final = 80
"""Characters of somebody else's text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a call would hit, in words for a person."""

    target: str
    also: tuple[str, ...] = ()
    """What goes with it, each a clause such as `ends 3 sessions`."""
    complete: bool = True
    """False where details could not be read."""
    already: str = ""
    """Says that the target is as the call would make it, such as `is banned`: there is nothing to do."""
    harmless: bool = False
    """What is there shows that nothing would be lost, so that the call is a plain change."""

    @classmethod
    def of(cls, target: str, *also: str) -> Hit:
        """Return a target and its clauses; those that are empty are dropped."""
        return cls(target, tuple(clause for clause in also if clause))

    def after_reading(self, known: bool) -> Hit:
        """Return the same, and harmless where what was there is known and no clause remains."""
        return replace(self, harmless=known and not self.also)

    def if_not_already(self, state: str) -> Hit:
        """Return the same, with nothing to do where a state is given; empty is none."""
        return replace(self, already=state)

    def and_also(self, *also: str) -> Hit:
        """Return the hit with more clauses; a call that has some is not harmless."""
        added = (*self.also, *(clause for clause in also if clause))
        return replace(self, also=added, harmless=self.harmless and not added)


class Look(Protocol):
    """The reads that one question may make."""

    async def at(self, operation: Operation | None, *, is_target: bool = False) -> Any:
        """Clerk's answer to a reading operation, or None where it could not be read.

        Args:
            operation: None where what was read before it does not fit it, see `if_fits`.
            is_target: it reads the very thing that is to be destroyed: if Clerk does not know that, nobody
                need be asked.
        """


def if_fits(make: Callable[[], Operation]) -> Operation | None:
    """Return a read whose arguments come out of one of Clerk's answers, which may hold anything."""
    try:
        return make()
    except ValidationError:
        return None


def shown(value: object) -> str:
    """Somebody else's text on one line and of bounded length: a name must not be able to forge a question."""
    words = " ".join(str(value).split())
    line = "".join(c for c in words if c not in "“”" and unicodedata.category(c)[0] != "C")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def inside(value: Any, *path: str | int) -> Any:
    """Return the value at a path inside an answer; None where there is none, whatever Clerk sent instead."""
    for step in path:
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        elif isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def records(value: Any) -> list[Any]:
    """Return the entries of a list answer in either of Clerk's envelopes."""
    entries = inside(value, "data") if isinstance(value, dict) else value
    return entries if isinstance(entries, list) else []


def first_with(found: list[Any], *path_and_value: Any) -> Any:
    """Return the first record that holds a value at a path."""
    *path, wanted = path_and_value
    return next((record for record in found if inside(record, *path) == wanted), None)


def count(number: object, noun: str) -> str:
    """Return such as `3 sessions`, `1 session` or `no sessions`."""
    plural = noun if number == 1 else f"{noun}{'es' if noun.endswith('s') else 's'}"
    return f"{number if number else 'no'} {plural}"


def listed(names: list[str], most: int = 10) -> str:
    """Somebody else's names, the first of them where there are many."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*(shown(name) for name in names[:most]), *more])


def quoted(value: Any) -> str:
    """Return the text in quotation marks; empty where there is none."""
    return f"“{shown(value)}”" if value else ""


def thing(kind: str, name: Any, *details: Any) -> str:
    """Return such as `user “Ada Lovelace” (ada@example.com)`; empty where nothing is known."""
    known = ", ".join(shown(detail) for detail in details if detail)
    parts = [quoted(name), f"({known})" if known else ""]
    words = " ".join(part for part in parts if part)
    return f"{kind} {words}" if words else ""


def person(user: Any) -> str:
    """Return a user, or the public data of one inside a membership."""
    name = " ".join(str(part) for part in (inside(user, "first_name"), inside(user, "last_name")) if part)
    emails = records(inside(user, "email_addresses"))
    primary = first_with(emails, "id", inside(user, "primary_email_address_id")) or inside(emails, 0)
    known_by = inside(primary, "email_address") or inside(user, "identifier") or inside(user, "username")
    phone = inside(user, "phone_numbers", 0, "phone_number")
    return thing("user", name or known_by or phone, known_by if name else None)


def organization(found: Any) -> str:
    """Return an organization, with how many members it has where that is known."""
    members = inside(found, "members_count")
    counted = count(members, "member") if isinstance(members, int) else None
    return thing("organization", inside(found, "name"), inside(found, "slug"), counted)


def identification(kind: str, value: Any, id: str, users: Any, primary: str) -> Hit:
    """Return an email address or phone number, with the user whose it is; `primary` is the user's field for
    it."""
    owner = inside(users, 0)
    target = thing(kind, value)
    target += f" of {person(owner)}" if target and person(owner) else ""
    return Hit.of(target, "is the user's primary one" if inside(owner, primary) == id else "")
