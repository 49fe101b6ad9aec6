"""Machines: your services that call each other with tokens (M2M)."""

from __future__ import annotations

from typing import Annotated, Final

from clerk_tools.argument import Body, Id, Kind, Path, Query, arg
from clerk_tools.hits import Hit, Look, inside, thing
from clerk_tools.operation import Operation, Paged
from clerk_tools.spec import Demo, Example
from clerk_tools.view import View

SYNONYMS: Final = {
    "machine": "service, backend, worker, microservice, service account, daemon, server",
}
"""What people say instead of a term; for the search."""

MachineId = Annotated[Id, Kind("machine", found_by="ListMachines", prefix="mch_", names=("name",))]

VIEWS = {
    "machine": View(
        ("id", "name", "default_token_ttl"),
        flags=("deleted",),
        times=("created_at",),
        inside={"scoped_machines": View(("id", "name"))},
    ),
    "machine_secret_key": View(("secret",)),
    "machine_scope": View(("from_machine_id", "to_machine_id"), flags=("deleted",)),
}


class ListMachines(
    Paged,
    id="ListMachines",
    version="2021-02-05",
    get="/machines",
    pages="machine",
    words="which machines are there, list services, M2M machines, list machines, which services are "
    "registered, which backends are there, which machines are registered",
    example=Example(),
):
    """Machines, newest first, each with those that it may call."""

    query: Query[str] = arg("Part of a name, or an id", optional=True)
    order_by: Query[str] = arg("created_at or name; - descends", default="-created_at")


class CreateMachine(
    Operation,
    id="CreateMachine",
    version="2021-02-05",
    post="/machines",
    returns="machine",
    secret=("secret_key",),
    mints=True,
    words="register a service for M2M, add a machine, new machine, register a backend, add a service, "
    "register a worker, register a service for machine-to-machine calls",
    example=Example({"name": "invoice service"}),
):
    """Register a machine. The answer alone has its secret key."""

    name: Body[str] = arg(min_length=1, max_length=255)
    scoped_machines: Body[list[str]] = arg("Ids of those that it may call", optional=True, max_length=150)
    default_token_ttl: Body[int] = arg("Seconds", default=3600, ge=1, le=315360000)


class GetMachine(
    Operation,
    id="GetMachine",
    version="2021-02-05",
    get="/machines/{machine_id}",
    returns="machine",
    words="details of a machine, show a machine, which services may a machine call, details of a service",
    example=Example({"machine_id": Demo("a machine")}),
):
    """One machine, with those that it may call."""

    machine_id: Path[MachineId] = arg()


class UpdateMachine(
    Operation,
    id="UpdateMachine",
    version="2021-02-05",
    patch="/machines/{machine_id}",
    returns="machine",
    words="rename a machine, change the token lifetime of a machine, change a machine, rename a "
    "service, lifetime of machine tokens, other name for a machine",
    example=Example({"machine_id": Demo("a machine"), "default_token_ttl": 600}),
):
    """Rename a machine, or change how long its tokens live."""

    machine_id: Path[MachineId] = arg()
    name: Body[str] = arg(optional=True, min_length=1, max_length=255)
    default_token_ttl: Body[int] = arg("Seconds", optional=True, ge=1, le=315360000)


class DeleteMachine(
    Operation,
    id="DeleteMachine",
    version="2021-02-05",
    delete="/machines/{machine_id}",
    returns="machine",
    words="remove a service, delete a machine, remove a machine, unregister a service, remove a worker",
    example=Example({"machine_id": Demo("a machine")}, late=True),
):
    """Delete a machine with its tokens and scopes, for good."""

    machine_id: Path[MachineId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await _named(look, self.machine_id), "its tokens are refused from now on")


class GetMachineSecretKey(
    Operation,
    id="GetMachineSecretKey",
    version="2021-02-05",
    get="/machines/{machine_id}/secret_key",
    returns="machine_secret_key",
    secret=("secret",),
    mints=True,
    words="show the secret key of a machine, read a machine's key, secret of a service, reveal a "
    "machine's secret, current key of a machine",
    example=Example({"machine_id": Demo("a machine")}),
):
    """The secret key of a machine. It makes tokens in the machine's name."""

    machine_id: Path[MachineId] = arg()


class RotateMachineSecretKey(
    Operation,
    id="RotateMachineSecretKey",
    version="2021-02-05",
    post="/machines/{machine_id}/secret_key/rotate",
    returns="machine_secret_key",
    effect="destroy",
    secret=("secret",),
    mints=True,
    words="rotate the key of a machine, new secret key for a machine, rotate a machine key, key of a "
    "service leaked, new key for a service, replace a machine's secret",
    example=Example({"machine_id": Demo("a machine"), "previous_token_ttl": 3600}),
):
    """Give a machine a new secret key; the answer alone has it. The old one works for
    `previous_token_ttl` seconds more."""

    machine_id: Path[MachineId] = arg()
    previous_token_ttl: Body[int] = arg("0: stops at once", ge=0, le=28800)

    async def hit(self, look: Look) -> Hit:
        after = f"in {self.previous_token_ttl} seconds" if self.previous_token_ttl else "at once"
        return Hit.of(await _named(look, self.machine_id), f"its present secret key stops working {after}")


class CreateMachineScope(
    Operation,
    id="CreateMachineScope",
    version="2021-02-05",
    post="/machines/{machine_id}/scopes",
    returns="machine_scope",
    words="allow a machine to call another, add a machine scope, let one service call another, may "
    "call, connect two machines, allow calls between services, let two services talk, permit one "
    "machine to reach another, give a service access to another",
    example=Example({"machine_id": Demo("a machine"), "to_machine_id": Demo("the reports machine")}),
):
    """Let a machine call another one."""

    machine_id: Path[MachineId] = arg()
    to_machine_id: Body[MachineId] = arg()


class DeleteMachineScope(
    Operation,
    id="DeleteMachineScope",
    version="2021-02-05",
    delete="/machines/{machine_id}/scopes/{other_machine_id}",
    returns="machine_scope",
    words="forbid a machine to call another, remove a machine scope, forbid calls between services, a "
    "service must not call another any more, disconnect two machines, take away a machine's "
    "access, two services must not talk",
    example=Example(
        {"machine_id": Demo("the gateway machine"), "other_machine_id": Demo("the reports machine")},
        late=True,
    ),
):
    """No longer let a machine call another one."""

    machine_id: Path[MachineId] = arg()
    other_machine_id: Path[MachineId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of(await _named(look, self.machine_id), f"it can no longer call {self.other_machine_id}")


async def _named(look: Look, id: str) -> str:
    machine = await look.at(GetMachine(machine_id=id), is_target=True)
    return thing("machine", inside(machine, "name"))
