"""What is kept of a kind of object, where that takes no logic: data beside the operations that answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class View:
    """The fields of one kind of object that an agent is shown, by the type that Clerk gives them.

    A resource's module holds `VIEWS`, its views by kind. All else is left out, and what is empty, null or of
    another type too; `clerk_tools.views._trim` has the rules. A view that needs logic is a function in
    `clerk_tools.views`.
    """

    plain: tuple[str, ...]
    """Text, numbers and booleans."""
    flags: tuple[str, ...] = ()
    """Booleans that are shown only when true."""
    objects: tuple[str, ...] = ()
    """Objects that are shown whole."""
    lists: tuple[str, ...] = ()
    """Lists of text, numbers or booleans."""
    inside: Mapping[str, View] = field(default_factory=dict)
    """What is shown of an object, or of each object in a list."""
    times: tuple[str, ...] = ()
    """Unix milliseconds, shown as ISO 8601 in UTC."""
