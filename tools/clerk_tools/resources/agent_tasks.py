"""Tasks for which an agent may sign in as a user."""

from __future__ import annotations

from typing import Annotated, Literal

from clerk_tools.argument import Body, Id, Kind, Nested, Path, arg
from clerk_tools.hits import Hit, Look
from clerk_tools.operation import Operation
from clerk_tools.spec import ANOTHER_DOES_NO_HARM, Advice, Demo, Example
from clerk_tools.view import View

AgentTaskId = Annotated[Id, Kind("agent task")]
"""Nothing lists these: the id is in the answer that made one."""

VIEWS = {"agent_task": View(("agent_task_id", "agent_id", "task_id"))}


class OnBehalfOf(Nested):
    """Whose account the agent acts in: an id, or an email address or another identifier."""

    user_id: str = arg(optional=True)
    identifier: str = arg(optional=True)


class CreateAgentTask(
    Operation,
    id="CreateAgentTask",
    version="2025-11-10",
    post="/agents/tasks",
    returns="agent_task",
    secret=("url",),
    advice=Advice(if_executed=ANOTHER_DOES_NO_HARM),
    mints=True,
    words="let an agent sign in as a user, agent task, act on behalf of a user, AI agent acts for a "
    "user, let a bot work as a user, URL for an agent, give an agent access",
    example=Example(
        {
            "on_behalf_of": {"identifier": "nadia.brandt@fernhill.example"},
            "permissions": "*",
            "agent_name": "report writer",
            "task_description": "write the weekly report",
            "redirect_url": "https://app.fernhill.example/reports",
        }
    ),
):
    """Make a URL that signs an agent in as a user, for one named task. It acts as them."""

    on_behalf_of: Body[OnBehalfOf] = arg("user_id, or identifier")
    permissions: Body[Literal["*"]] = arg("Everything the user may do")
    agent_name: Body[str] = arg()
    task_description: Body[str] = arg()
    redirect_url: Body[str] = arg("Where the agent starts")
    session_max_duration_in_seconds: Body[int] = arg(default=1800)


class RevokeAgentTask(
    Operation,
    id="RevokeAgentTask",
    version="2025-11-10",
    post="/agents/tasks/{agent_task_id}/revoke",
    returns="agent_task",
    advice=Advice(not_found="No tool lists agent tasks: the id is in the answer of CreateAgentTask."),
    effect="destroy",
    secret=("url",),
    words="stop an agent task, cancel an agent's access, an agent must not act for a user any more, "
    "revoke an agent's link, agent task is no longer needed",
    example=Example({"agent_task_id": Demo("an agent task")}, late=True),
):
    """Revoke an agent task that was not used yet: its URL signs nobody in any more."""

    agent_task_id: Path[AgentTaskId] = arg()

    async def hit(self, look: Look) -> Hit:
        return Hit.of("agent task", "its URL signs nobody in any more")
