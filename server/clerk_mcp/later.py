"""Names of a room that are imported when they are first used: what a start and a listing do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def at_first_use(room: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a room that imports the module of a name when that is first used.

    Args:
        room: the package.
        modules: the module of each name. None has such a name itself: it would stand in the name's place.
    """

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{modules[name]}"), name)

    return find
