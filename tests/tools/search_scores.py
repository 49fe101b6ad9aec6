"""How well the search answers questions whose answers are known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from clerk_tools.searching import Found, find
from tests.tools import search_held_out, search_questions

Questions = Mapping[str, tuple[str, ...]]

_ALSO_RIGHT: Final = search_questions.ALSO_RIGHT | search_held_out.ALSO_RIGHT


@cache
def found(question: str) -> Found:
    """Search once for all that is measured of a question."""
    return find(question, limit=3)


def asked(*sets: Questions) -> list[str]:
    """Return all questions of some sets."""
    return [question for questions in sets for some in questions.values() for question in some]


def shares(questions: Questions) -> tuple[float, float]:
    """Tell of how many questions a right operation comes first, and is among the first three."""
    first = among_three = 0
    for id, some in questions.items():
        for question in some:
            ids = [spec.id for spec in found(question).specs]
            right = {id, *_ALSO_RIGHT.get(question, ())}
            first += ids[0] in right if ids else False
            among_three += not right.isdisjoint(ids)
    count = len(asked(questions))
    return first / count, among_three / count
