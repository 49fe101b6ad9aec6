"""An import as an agent makes it: everything at once, on an instance with Clerk's limits for development."""

from __future__ import annotations

import anyio
import pytest

from clerk_mcp.upstream.budget import DEVELOPMENT, Budget
from clerk_mcp.upstream.client import ClerkClient, Reply
from clerk_sandbox.sandbox import Sandbox
from clerk_sandbox.transport import SandboxTransport
from tests.server.test_budget import VirtualClock
from tests.server.test_client import call

pytestmark = pytest.mark.anyio

USERS = 500
# A hundred at once, and then a hundred each time the window of ten seconds has passed.
IMPOSED_S = (USERS // 100 - 1) * 10


async def test_five_hundred_users_are_imported_without_an_error_in_little_more_than_the_limits_time() -> None:
    clock = VirtualClock()
    sandbox = Sandbox(rate_limits=True, clock=lambda: 1_767_225_600_000 + round(clock.time * 1000))
    before = len(sandbox.instance.users)
    replies: list[Reply] = []

    async with ClerkClient(
        sandbox.key,
        base_url="http://sandbox/v1",
        transport=SandboxTransport(sandbox),
        budget=Budget(DEVELOPMENT, clock=clock),
        clock=clock,
    ) as client:

        async def create(number: int) -> None:
            request = call("Users_createNewUser", email_address=[f"person-{number}@acme.dev"])
            replies.append(await client.send(request))

        async with anyio.create_task_group() as tasks:
            for number in range(USERS):
                tasks.start_soon(create, number)

    assert [reply.status for reply in replies] == [200] * USERS
    assert len(sandbox.instance.users) - before == USERS
    assert IMPOSED_S <= clock.time <= IMPOSED_S * 1.15
