"""The roles that groups of directories give, with which directories, connections and roles have to do."""

from __future__ import annotations

from collections.abc import Callable

from clerk_sandbox.state import Instance, Json

TABLE = "directory_group_role_mappings"


def mappings_of(instance: Instance, directory_id: str) -> list[Json]:
    """Return a directory's mappings by precedence."""
    own = [one for one in instance.table(TABLE) if one["directory_id"] == directory_id]
    return sorted(own, key=lambda one: int(one["precedence"]))


def put_in_order(mappings: list[Json]) -> None:
    """Number mappings from 1 on, as they stand."""
    for place, mapping in enumerate(mappings, 1):
        mapping["precedence"] = place


def remove_mappings(instance: Instance, gone: Callable[[Json], bool]) -> None:
    """Remove the mappings for which something has gone, and close the gaps that they leave."""
    lost = [one for one in instance.table(TABLE) if gone(one)]
    for mapping in lost:
        instance.table(TABLE).remove(mapping["id"])
    for directory_id in {one["directory_id"] for one in lost}:
        put_in_order(mappings_of(instance, directory_id))
