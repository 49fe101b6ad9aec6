"""Our command on a smaller or larger catalogue, to see what a call costs as tools grow.

    python -m bench.ours OPERATIONS [ARGUMENT…]

What the real operations are too few for is made up: declared like the one that reads a user.
"""

import sys
from collections.abc import Mapping
from types import new_class
from typing import Any

from clerk_tools import catalog
from clerk_tools.argument import Id, Path, arg
from clerk_tools.operation import Operation
from clerk_tools.resources.jwks import GetJsonWebKeySet
from clerk_tools.resources.users import GetUser


class Grown(catalog.Catalogue):
    """A catalogue of other operations, all of them listed."""

    def __init__(self, operations: Mapping[str, type[Operation]]) -> None:
        listed = {id: one.spec.outline._replace(core=True) for id, one in operations.items()}
        super().__init__({GetUser.spec.resource: listed})
        self._by_id = {**operations}


def grown(real: Mapping[str, type[Operation]], count: int) -> Grown:
    """`count` operations by their ids: two that a server needs, then other real ones, then made-up ones."""
    needed = {operation.spec.id: operation for operation in (GetUser, GetJsonWebKeySet)}
    operations = dict([*{**needed, **real}.items()][:count])
    for number in range(count - len(operations)):
        name = f"Synthetic_read{number}"
        declaration = {"id": name, "get": "/users/{user_id}", "returns": "user"}
        operations[name] = new_class(f"Read{number}", (Operation,), declaration, like_get_user)
    return Grown(operations)


def like_get_user(body: dict[str, Any]) -> None:
    """Fill in the body of a class."""
    body |= {
        "__module__": GetUser.__module__,
        "__doc__": "Read one user.",
        "__annotations__": {"user_id": Path[Id]},
        "user_id": arg("User id"),
    }


if __name__ == "__main__":
    catalogue = grown(catalog.operations(), int(sys.argv[1]))
    catalog.operations = lambda: catalogue  # type: ignore[assignment] # before anything imports it

    from clerk_mcp.cli import cli

    cli(sys.argv[2:])
