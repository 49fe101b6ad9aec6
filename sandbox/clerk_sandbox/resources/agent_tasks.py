"""Tasks for which an agent signs in as a user, once."""

from __future__ import annotations

from typing import Any

from clerk_sandbox import errors, formats
from clerk_sandbox.collection import Collection
from clerk_sandbox.routing import Call, operation
from clerk_sandbox.state import Instance, Json

TASKS = Collection(
    "agent_task",
    prefix="agt",
    called="agent task",
    fields={
        "agent_id": "",
        "agent_task_id": "",
        "task_id": "",
        "url": "",
        "status": "pending",
        "agent_name": "",
        "task_description": "",
        "session_max_duration_in_seconds": 1800,
    },
    hidden=(
        *("id", "status", "created_at", "updated_at"),
        *("agent_name", "task_description", "session_max_duration_in_seconds"),
    ),
)


def _new(instance: Instance, redirect_url: str, **given: Any) -> Json:
    ticket = instance.new_secret(32)
    task = TASKS.new(
        instance,
        agent_id=instance.new_id("agent"),
        task_id=instance.new_id("task"),
        url=f"{redirect_url}?__clerk_ticket={ticket}",
        **given,
    )
    task["agent_task_id"] = task["id"]
    return task


@operation("CreateAgentTask")
def create_task(instance: Instance, call: Call) -> Json:
    person = call.body["on_behalf_of"]
    known = person.get("user_id") in instance.users or any(
        instance.user_by(name, person.get("identifier") or "")
        for name in ("email_address", "phone_number", "username")
    )
    if not known:
        raise errors.not_found("user", str(person.get("user_id") or person.get("identifier")))
    for name in ("agent_name", "task_description"):
        call.required(name)
    if not formats.is_url(call.required("redirect_url")):
        raise errors.form_param_format_invalid("redirect_url", "an absolute URL")
    kept = ("agent_name", "task_description", "session_max_duration_in_seconds")
    given = {name: call.body[name] for name in kept if name in call.body}
    return TASKS.answer(_new(instance, call.body["redirect_url"], **given))


@operation("RevokeAgentTask")
def revoke_task(instance: Instance, call: Call) -> Json:
    task = TASKS.found(instance, call)
    if task["status"] == "revoked":
        raise errors.form_param_value_invalid("agent_task_id", "a task that is not revoked")
    task["status"] = "revoked"
    return TASKS.answer(task)


def seed_demo(instance: Instance) -> None:
    """Return one task that was not used yet."""
    _new(instance, "https://app.fernhill.example")
