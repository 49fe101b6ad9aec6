"""Machines, their secret keys, and which machine may call which."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors
from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

MACHINES = Collection(
    "machine",
    prefix="mch",
    called="machine",
    fields={"name": "", "instance_id": "", "default_token_ttl": 3600, "scopes": [], "secret_key": ""},
    hidden=("scopes", "secret_key"),
)
MOST_SCOPES = 150


def answer(instance: Instance, machine: Json) -> Json:
    """Return a machine as Clerk shows it, with the machines that it may call."""
    others = [MACHINES.answer(MACHINES.records(instance)[id]) for id in machine["scopes"]]
    return MACHINES.answer(machine) | {"scoped_machines": others}


def machine_with(instance: Instance, key: str) -> Json | None:
    """Return the machine with this secret key, where there is one."""
    return next((one for one in MACHINES.records(instance) if one["secret_key"] == key), None)


def _new(instance: Instance, **given: Any) -> Json:
    return MACHINES.new(
        instance, instance_id=instance.id, secret_key=f"ak_machine_{instance.new_secret(32)}", **given
    )


@operation("ListMachines")
def list_machines(instance: Instance, call: Call) -> Json:
    text = (call.query.one("query") or "").casefold()
    found = [one for one in MACHINES.records(instance) if text in one["name"].casefold() or text == one["id"]]
    order = call.query.one("order_by") or "-created_at"
    if order.lstrip("+-") not in ("created_at", "name"):
        raise errors.form_param_value_invalid("order_by", ("created_at", "name"))
    if order.lstrip("+-") == "name":
        found.sort(key=lambda one: one["name"].casefold(), reverse=order[0] == "-")
    elif order[0] != "-":
        found.reverse()
    return {"data": [answer(instance, one) for one in call.one_page(found)], "total_count": len(found)}


@operation("CreateMachine")
def create_machine(instance: Instance, call: Call) -> Json:
    scopes = call.given("scoped_machines") or []
    for id in scopes:
        _machine(instance, id)
    lifetime = call.given("default_token_ttl") or 3600
    machine = _new(instance, name=call.required("name"), default_token_ttl=lifetime, scopes=list(scopes))
    return answer(instance, machine) | {"secret_key": machine["secret_key"]}


def _machine(instance: Instance, id: str) -> Json:
    machine = MACHINES.records(instance).get(id)
    if machine is None:
        raise errors.not_found("machine", id)
    return machine


@operation("GetMachine")
def get_machine(instance: Instance, call: Call) -> Json:
    return answer(instance, MACHINES.found(instance, call))


@operation("UpdateMachine")
def update_machine(instance: Instance, call: Call) -> Json:
    machine = MACHINES.found(instance, call)
    given = {name: value for name, value in call.body.items() if value is not None}
    machine |= given | {"updated_at": instance.clock()}
    return answer(instance, machine)


def _forget(instance: Instance, gone: Json, _: Call) -> None:
    for machine in MACHINES.records(instance):
        machine["scopes"] = [id for id in machine["scopes"] if id != gone["id"]]


MACHINES.deletes("DeleteMachine", then=_forget)


@operation("GetMachineSecretKey")
def show_secret_key(instance: Instance, call: Call) -> Json:
    return {"object": "machine_secret_key", "secret": MACHINES.found(instance, call)["secret_key"]}


@operation("RotateMachineSecretKey")
def rotate_secret_key(instance: Instance, call: Call) -> Json:
    machine = MACHINES.found(instance, call)
    call.required("previous_token_ttl")
    machine |= {
        "secret_key": f"ak_machine_{instance.new_secret(32)}",
        "updated_at": instance.clock(),
    }
    return {"object": "machine_secret_key", "secret": machine["secret_key"]}


@operation("CreateMachineScope")
def add_scope(instance: Instance, call: Call) -> Json:
    machine = _machine(instance, call.path["machine_id"])
    other = _machine(instance, call.required("to_machine_id"))
    if other["id"] in machine["scopes"]:
        raise errors.duplicate_record("to_machine_id")
    if len(machine["scopes"]) >= MOST_SCOPES:
        raise errors.form_param_value_invalid("to_machine_id", f"one of at most {MOST_SCOPES} machines")
    machine["scopes"].append(other["id"])
    return _scope(machine, other) | {"created_at": instance.clock()}


@operation("DeleteMachineScope")
def remove_scope(instance: Instance, call: Call) -> Json:
    machine = _machine(instance, call.path["machine_id"])
    other = _machine(instance, call.path["other_machine_id"])
    if other["id"] not in machine["scopes"]:
        raise errors.not_found("machine scope", other["id"])
    machine["scopes"].remove(other["id"])
    return _scope(machine, other) | {"deleted": True}


def _scope(machine: Json, other: Json) -> Json:
    return {"object": "machine_scope", "from_machine_id": machine["id"], "to_machine_id": other["id"]}


def machine_of_key(instance: Instance, secret_key: str) -> Json | None:
    """Return the machine whose secret key this is."""
    return next((one for one in MACHINES.records(instance) if one["secret_key"] == secret_key), None)


def named(instance: Instance, name: str) -> str:
    """Return the id of the machine with this name."""
    return str(next(one["id"] for one in MACHINES.records(instance) if one["name"] == name))


NAMED = {
    "the gateway machine": lambda instance: named(instance, "gateway"),
    "the mailer machine": lambda instance: named(instance, "mailer"),
    "the reports machine": lambda instance: named(instance, "reports"),
}


def seed_demo(instance: Instance) -> None:
    """Return three services, made once; the gateway may call the reports."""
    if len(MACHINES.records(instance)):
        return
    reports = _new(instance, name="reports")
    _new(instance, name="gateway", scopes=[reports["id"]])
    _new(instance, name="mailer")
